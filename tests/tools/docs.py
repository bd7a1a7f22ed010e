"""Writes what is generated from the code: schemas/*.json and the README's marked tables. `--check` only compares.

Run as `python -m tests.tools.docs [--check]` from the project's folder; `make docs` and `make lint` do.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dtsconf.mail.remedies import REMEDIES
from dtsconf.proof import CAUSES
from dtsconf.settings.reference import filled_in, table
from dtsconf.settings.schema import machine_schema, profile_schema

ROOT = Path(__file__).resolve().parents[2]


def generated(root: Path = ROOT) -> dict[Path, str]:
    """Every generated file's path and the text it should have."""
    readme = root / "README.md"
    return {
        root / "schemas/profile.schema.json": as_text(profile_schema()),
        root / "schemas/machine.schema.json": as_text(machine_schema()),
        readme: filled_in(readme.read_text(encoding="utf-8"), {"causes": causes_table}),
    }


def causes_table() -> str:
    """Every cause of a failed test, what it means, and what to do about it."""
    rows = ([f"`{cause}`", f"{meaning[0].upper()}{meaning[1:]}.", REMEDIES[cause]] for cause, meaning in CAUSES.items())
    return table(["Cause", "What it means", "What to do first"], rows)


def as_text(schema: dict[str, object]) -> str:
    """A schema as the file holds it, which is what `dtsconf schema` prints."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def stale(root: Path = ROOT) -> list[Path]:
    """The generated files that aren't as the code would write them."""
    return [
        path for path, text in generated(root).items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    try:
        outdated = stale()
    except ValueError as error:
        print(f"README.md: {error}", file=sys.stderr)
        return 1
    if arguments == ["--check"]:
        for path in outdated:
            print(f"{path.relative_to(ROOT)} is not what the code generates; run: make docs", file=sys.stderr)
        return 1 if outdated else 0
    for path, text in generated().items():
        if path in outdated:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
