"""Lists the archives of a world, and stops with the remedy if one is missing."""

import argparse
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError
from pipeline.files import write_json
from pipeline.section import load_section
from pipeline.sources.source import Source
from pipeline.stage import run_stage, say, stage_parser, world_lock

# The world whose archives the stage simulate writes.
SIMULATED = "demo"


def list_archives(world: str, raw: Path, sources: list[Source]) -> list[dict[str, Any]]:
    """One row a file that a source asks for: its source, name below `raw`, and bytes.

    Raises:
        SourceError: there is no such folder, or no file fits one of the patterns.
    """
    if not raw.is_dir():
        raise SourceError(
            f"world {world}: its archives are missing ({raw}); "
            f"make repro WORLD={world} DATA=<folder with the archives>, or take "
            f"{world} out of `worlds` in params.yaml"
        )
    rows = []
    for source in sources:
        for kind, patterns in source.files.items():
            for pattern in patterns:
                found = sorted(path for path in raw.glob(pattern) if path.is_file())
                if not found:
                    raise SourceError(
                        f"source {source.name}: no file fits {kind}: {pattern} in "
                        f"{raw.resolve()}; put it there, or correct "
                        f"sources.{world} in params.yaml"
                    )
                rows += [
                    {
                        "source": source.name,
                        "file": path.relative_to(raw).as_posix(),
                        "bytes": path.stat().st_size,
                    }
                    for path in found
                ]
    return rows


def _arguments() -> argparse.Namespace:
    parser = stage_parser(__doc__)
    parser.add_argument("--raw", type=Path, required=True, help="folder of archives")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    return parser.parse_args()


def main() -> None:
    """Run the stage."""
    given = _arguments()
    rows: list[dict[str, Any]] = []
    with world_lock(given.world):
        if given.world != SIMULATED:
            key = f"sources.{given.world}"
            sources: list[Source] = load_section(given.params, key, list[Source])
            rows = list_archives(given.world, given.raw, sources)
            say(f"{len(rows)} archive file(s) found")
        write_json(rows, given.out)


if __name__ == "__main__":
    run_stage(main)
