"""Write docs/gitctl.schema.json, the JSON schema that editors read for gitctl.yaml."""

from __future__ import annotations

from pathlib import Path

from gitctl.config.schema import schema_text

TARGET = Path(__file__).parent.parent / "docs" / "gitctl.schema.json"


def main() -> None:
    """Overwrite the file."""
    TARGET.write_text(schema_text(), encoding="utf-8")
    print(f"wrote {TARGET.name}")


if __name__ == "__main__":
    main()
