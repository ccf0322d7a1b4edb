"""Adds a world to those that `dvc repro` makes, and links its archives."""

import argparse
import re
from pathlib import Path

from pipeline.errors import ParamsError
from pipeline.files import atomic_file
from pipeline.section import load_section, read_params, validate
from pipeline.sources.source import Source
from pipeline.stage import run_stage, say, stage_parser

SIMULATED = "demo"


def add_world(world: str, data: Path | None, params: Path) -> None:
    """Link the archives of a world as data/<world>/raw and list the world.

    Args:
        world: a key of `sources` in the parameter file.
        data: folder of the archives; null keeps the link that is there.
        params: parameter file; only its line `worlds: [...]` is rewritten.

    Raises:
        ParamsError: the world is unknown, or `worlds` is not one line.
        InputError: the folder is missing, or data/<world>/raw is not a link.
    """
    known = read_params(params).get("sources", {})
    if world == SIMULATED:
        raise ParamsError(
            f"world {SIMULATED} is simulated and takes no archives; for real data give "
            f"WORLD=<{' or '.join(w for w in known if w != SIMULATED)}> with DATA"
        )
    if world not in known:
        raise ParamsError(
            f"world {world!r} has no sources in {params}; known: {', '.join(known)}"
        )
    load_section(params, f"sources.{world}", list[Source])
    link_archives(world, data)
    list_world(world, params)


def link_archives(world: str, data: Path | None) -> None:
    """Make data/<world>/raw a link to the folder, in place of an older link."""
    raw = Path("data") / world / "raw"
    if raw.exists() and not raw.is_symlink():
        raise ParamsError(
            f"{raw} is a real directory, not a link: move it away, then give its new "
            "place as DATA"
        )
    if data is None:
        if not raw.exists():
            raise ParamsError(
                f"world {world} has no archives yet: "
                f"make repro WORLD={world} DATA=<folder with the archives>"
            )
        return
    if not data.is_dir():
        raise ParamsError(
            f"DATA={data}: no such folder; give the one with the archives"
        )
    raw.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(raw) as working:
        working.symlink_to(data.resolve(), target_is_directory=True)
    say(f"{raw} -> {data.resolve()}")


def list_world(world: str, params: Path) -> None:
    """Add the world to the line `worlds: [...]`; every other byte stays."""
    listed = read_params(params).get("worlds")
    worlds: list[str] = validate(params, "worlds", listed, list[str])
    if world in worlds:
        return
    text = params.read_text(encoding="utf-8")
    line = re.compile(r"^(worlds: *\[)([^]\n]*)\]", re.MULTILINE)
    if len(line.findall(text)) != 1:
        raise ParamsError(
            f"{params}: expected one line like `worlds: [{SIMULATED}]`; "
            f"add {world} to `worlds` by hand"
        )
    with atomic_file(params) as working:
        names = ", ".join([*worlds, world])
        working.write_text(line.sub(rf"\g<1>{names}]", text), encoding="utf-8")
    say(f"{params}: worlds is now [{names}]")
    say(f"do not commit {params} and dvc.lock with {world}: others lack its archives")


def _arguments() -> argparse.Namespace:
    parser = stage_parser(__doc__)
    parser.add_argument("--data", default="", help="folder of the archives")
    return parser.parse_args()


def main() -> None:
    """Run the command."""
    given = _arguments()
    data = Path(given.data).expanduser() if given.data else None
    add_world(given.world, data, given.params)


if __name__ == "__main__":
    run_stage(main)
