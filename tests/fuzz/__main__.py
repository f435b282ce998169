"""`make fuzz`: every target for its share of FUZZ_SECONDS, or those that are named. Exit code 1 when something was found.

With atheris installed (`pip install atheris`; it is not among the project's dependencies, for want of wheels for every Python)
`--coverage TARGET` looks for new branches in one target instead, until it is stopped.
"""

from __future__ import annotations

import argparse
import os
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def main() -> int:
    """Run, and say what was found."""
    names = sorted(path.name for path in CORPUS.iterdir())
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"default: all, {', '.join(names)}")
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("FUZZ_SECONDS") or 600), help="for all together")
    parser.add_argument("--seed", type=int, default=0, help="the first seed; those after it follow")
    parser.add_argument("--coverage", choices=names, metavar="TARGET", help="one target, by atheris")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.targets) - set(names)):
        parser.error(f"there is no target {unknown[0]}")
    if asked.coverage:
        return by_coverage(asked.coverage)
    chosen = asked.targets or names
    return max([fuzz(name, asked.seconds / len(chosen), asked.seed) for name in chosen])


def fuzz(name: str, seconds: float, seed: int) -> int:
    """One target; what was found is kept in a file of the working folder."""
    from tests.fuzz.campaign import run

    done = run(name, seconds=seconds, first_seed=seed)
    print(f"{name:15} {done.inputs:8,} inputs   {done.finding or 'nothing found'}", flush=True)
    if done.finding:
        Path(f"fuzz-{name}").write_bytes(done.input)
        print(f"  the input: fuzz-{name}; when it is fixed, move it to {CORPUS / name}")
    return int(bool(done.finding))


def by_coverage(name: str) -> int:
    """Atheris goes on until it is stopped, or finds something."""
    try:
        import atheris
    except ImportError:
        print("atheris is not installed: pip install atheris", file=sys.stderr)
        return 2
    # Only what is imported in here is watched.
    with atheris.instrument_imports(include=["gitctl"]):
        import gitctl

        for package in ("config", "documents", "model", "render", "secrets", "source", "target"):
            for module in pkgutil.walk_packages([str(Path(gitctl.__path__[0], package))], f"gitctl.{package}."):
                import_module(module.name)
        targets = import_module("tests.fuzz.targets").TARGETS
    found = Path(f"fuzz-{name}-corpus")
    found.mkdir(exist_ok=True)
    atheris.Setup([sys.argv[0], str(found), str(CORPUS / name)], targets[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
