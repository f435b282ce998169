"""Where is the project file?"""

from __future__ import annotations

from pathlib import Path

from gitctl.errors import ConfigError, ErrorId

FILE_NAME = "gitctl.yaml"
_MISSPELT = ("gitctl.yml", ".gitctl.yaml", ".gitctl.yml", "Gitctl.yaml")


def find_config(start: Path, *, explicit: Path | None = None) -> Path:
    """The project file, absolute: `explicit` (beginning at `start`), else gitctl.yaml in `start` or the nearest folder above it.

    Raises ConfigError.
    """
    start = start.absolute()
    if explicit is not None:
        return _explicit(start / explicit.expanduser())
    found = search(start)
    if found is None:
        raise ConfigError(f"no {FILE_NAME} in {start} or a folder above it", id=ErrorId.CONFIG_MISSING, hint=_hint(start))
    return found


def search(start: Path) -> Path | None:
    """gitctl.yaml in `start` or the nearest folder above it, or None."""
    start = start.absolute()
    return next((folder / FILE_NAME for folder in (start, *start.parents) if (folder / FILE_NAME).is_file()), None)


def _explicit(path: Path) -> Path:
    if path.is_dir():
        path = path / FILE_NAME
    if not path.is_file():
        raise ConfigError(f"{path} does not exist", id=ErrorId.CONFIG_MISSING, hint="--config names the project file")
    return path


def _hint(start: Path) -> str:
    for folder in (start, *start.parents):
        for name in _MISSPELT:
            if (folder / name).is_file() and not (folder / FILE_NAME).is_file():
                return f"rename {folder / name} to {FILE_NAME}"
    return "`gitctl bootstrap` writes one; a folder of manifests needs none: `gitctl diff ./manifests --context …`"
