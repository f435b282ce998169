"""Writes completions/gitctl.{bash,zsh,fish} from `gitctl completion`. tests/unit/cli/test_completion.py says when they are stale."""

from __future__ import annotations

from pathlib import Path

from gitctl.cli.completion import Shell, script

FOLDER = Path(__file__).parents[1] / "completions"


def files() -> dict[Path, str]:
    """What each file must hold."""
    return {FOLDER / f"gitctl.{shell}": script(shell) for shell in Shell}


def main() -> None:
    """Write them."""
    FOLDER.mkdir(exist_ok=True)
    for path, text in files().items():
        path.write_text(text)
        print(f"completions: {path.name}")


if __name__ == "__main__":
    main()
