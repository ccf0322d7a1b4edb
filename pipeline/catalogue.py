"""Catalogue: the page of all features, written from what the features say of themselves."""

import argparse
from pathlib import Path

from features.catalogue import as_markdown
from features.errors import ArtefactError
from pipeline.files import atomic_file
from pipeline.stage import run_stage, say
from pipeline.unsimulated import UNSIMULATED


def write_catalogue(out: Path) -> None:
    """Write the page."""
    with atomic_file(out) as working:
        working.write_text(as_markdown(UNSIMULATED), encoding="utf-8")


def check_catalogue(page: Path) -> None:
    """Refuse a page that says something else than the features.

    Raises:
        ArtefactError: it is missing or not what would be written now.
    """
    found = page.read_text(encoding="utf-8") if page.is_file() else ""
    if found != as_markdown(UNSIMULATED):
        raise ArtefactError(
            f"{page}: does not match the features; run `make catalogue`"
        )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="page to write")
    parser.add_argument(
        "--check", action="store_true", help="compare only, fail if it differs"
    )
    args = parser.parse_args()
    if args.check:
        check_catalogue(args.out)
    else:
        write_catalogue(args.out)
        say(f"wrote {args.out}")


if __name__ == "__main__":
    run_stage(main)
