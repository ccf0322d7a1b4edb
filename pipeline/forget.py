"""Remove one account from all tables of a world, and keep it out of later ingests."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from features import schema
from features.errors import InputError
from pipeline.files import atomic_file
from pipeline.forgotten import SAID, TARGET, Forgotten, list_path, unlisted, unnamed
from pipeline.section import load_section
from pipeline.sources.source import Source
from pipeline.stage import run_stage, stage_parser, world_lock

_STAGES = "ingest, label, split, featurize, train, calibrate, evaluate, track"


@dataclass(frozen=True)
class Names:
    """What an account is called in the tables of a world.

    ids: as given, and behind the name of each source.
    targets: ids, and the forms in which others name its handles.
    words: ids and handles as they stand in lists and in raw rows, in lower case.
    """

    ids: list[str]
    targets: list[str]
    words: list[str]

    @classmethod
    def of(cls, account: str, handles: set[str], sources: list[str]) -> "Names":
        """Names of an account by its id in the archive and its handles."""
        ids = [account, *(f"{source}/{account}" for source in sources)]
        signed = [f"@{handle.lower()}" for handle in sorted(handles)]
        named = [f"{source}/{handle}" for source in sources for handle in signed]
        words = sorted({account.lower(), *(handle.lower() for handle in handles)})
        return cls(ids, [*ids, *signed, *named], words)


@dataclass(frozen=True)
class Removed:
    """What a table lost: rows of the account, and cells of others that name it."""

    path: Path
    rows: int
    cells: int


@dataclass(frozen=True)
class Outcome:
    """What became of a request.

    removed: tables that named the account.
    again: it was forgotten before.
    hashes: length of the list.
    """

    removed: list[Removed]
    again: bool
    hashes: int


def forget(world: str, account: str, sources: list[str]) -> Outcome:
    """Remove an account.

    Args:
        world: its tables lie in data/<world> and artifacts/<world>; its archives, and
            what the stage simulate writes, are left as they are.
        account: id as in the archives; it is removed from every source.
        sources: names of the world's sources.

    Raises:
        InputError: the list of those forgotten, or a table, cannot be read.
    """
    data = Path("data") / world
    names = Names.of(account, _handles(data, account, sources), sources)
    path = list_path(world)
    # First: a kill from here on leaves nothing that a later ingest would bring back.
    before = Forgotten.load(path)
    listed = before.with_names({account, *names.words})
    listed.save(path)
    removed = [_clean(table, names) for table in _tables(world)]
    lost = [one for one in removed if one.rows or one.cells]
    again = account in before.among(pl.Series([account]))
    return Outcome(lost, again, len(listed.hashes))


def _handles(data: Path, account: str, sources: list[str]) -> set[str]:
    path = data / "canonical" / "accounts.parquet"
    if not path.is_file():
        return set()
    ids = [f"{source}/{account}" for source in sources]
    mine = pl.scan_parquet(path).filter(pl.col("account_id").is_in(ids)).collect()
    return set(mine["handle"].drop_nulls()) - {""}


def _tables(world: str) -> Iterator[Path]:
    data = Path("data") / world
    skipped = {data / "raw", data / "truth.parquet"}
    for base in (data, Path("artifacts") / world):
        for path in sorted(base.rglob("*.parquet")):
            if not skipped & {path, *path.parents}:
                yield path


def _clean(path: Path, names: Names) -> Removed:
    """Write a table without the account, if it is in it.

    Raises:
        InputError: the table is damaged.
    """
    table = pl.scan_parquet(path)
    try:
        columns = table.collect_schema()
    except pl.exceptions.ComputeError:
        raise InputError(
            f"{path}: no Parquet, or damaged, so that it may still name the account; "
            "remove it, and run the command again"
        ) from None
    # Whom an action is against is half of what it is.
    key = ["account_id", "target_account_id"] if _is_action(columns) else ["account_id"]
    mine = pl.any_horizontal(
        pl.lit(False),
        *(
            pl.col(name).is_in(names.ids).fill_null(False)
            for name in key
            if name in columns
        ),
    )
    changed = {
        name: value
        for name, dtype in columns.items()
        if name != "account_id" and (value := _without(name, dtype, names)) is not None
    }
    if "target_account_id" in columns:
        named = pl.col("target_account_id").is_in(names.targets).fill_null(False)
        changed |= {
            name: pl.when(~named).then(pl.col(name))
            for name in TARGET
            if name in columns
        }
    touched = [
        value.ne_missing(pl.col(name)).alias(name) for name, value in changed.items()
    ]
    counts = table.select(mine.sum().alias("rows")).collect().item()
    others = table.filter(~mine).select(touched).sum().collect() if touched else None
    cells = sum(others.row(0)) if others is not None else 0
    if counts or cells:
        with atomic_file(path) as working:
            table.filter(~mine).with_columns(**changed).sink_parquet(
                working,
                compression="zstd",
                compression_level=1,
                row_group_size=100_000,
                maintain_order=True,
            )
    return Removed(path, counts, cells)


def _is_action(columns: pl.Schema) -> bool:
    return set(columns) == set(schema.ACTIONS)


def _without(name: str, dtype: pl.DataType, names: Names) -> pl.Expr | None:
    """The column without the account; None if it cannot name one."""
    column = pl.col(name)
    if name == "mentions":
        return unlisted(column, names.words)
    if name == "links":
        return column.list.eval(unnamed(pl.element(), names.words))
    if dtype != pl.String():
        return None
    if name == "text" or name in SAID:
        return unnamed(column, names.words)
    if name in ("raw", "detail"):
        word = "|".join(re.escape(one) for one in names.words)
        named = pl.col("raw").str.contains(f"(?i)(?:{word})")
        return pl.when(named).then(pl.lit("")).otherwise(column)
    return pl.when(~column.is_in(names.targets).fill_null(False)).then(column)


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument(
        "--account", required=True, help="id as in the archive, or <source>/<id>"
    )
    given = parser.parse_args()
    identifier = given.account.strip()
    if not identifier:
        raise InputError("--account is empty; give the id as in the archive")
    sources = [
        source.name
        for source in load_section(given.params, f"sources.{given.world}", list[Source])
    ]
    before, _, after = identifier.partition("/")
    account = after if before in sources and after else identifier
    with world_lock(given.world):
        outcome = forget(given.world, account, sources)
    print("\n".join(_told(given.world, outcome)))


def _told(world: str, outcome: Outcome) -> Iterator[str]:
    for one in outcome.removed:
        yield f"{one.path}: {one.rows:,} rows removed, {one.cells:,} references"
    listed = f"{list_path(world)}: {outcome.hashes} hashes"
    if not outcome.removed and not outcome.again:
        yield (
            "no table of this world names the account: nothing is removed and nothing "
            "has to be rerun; if you expected otherwise, look at how the archives "
            "write the id"
        )
        yield (
            f"{listed}; its own is one of them now: an ingest that meets the account "
            "leaves it out. Keep this file"
        )
        return
    if not outcome.removed:
        yield (
            "no table of this world names the account, which was asked for before: if "
            "tables lost it then, what follows is left to do unless it was done"
        )
    yield (
        f"{listed}; ingest leaves them out. Keep this file: without it the account "
        "comes back with the next ingest"
    )
    yield f"to rerun: {_STAGES} (make repro WORLD={world})"
    yield "still there, for you to remove:"
    yield f"  data/{world}/raw: the archives, read without the account from now on"
    if (Path("data") / world / "truth.parquet").is_file():
        yield f"  data/{world}/truth.parquet: what the simulator knows of its accounts"
    yield (
        "  .dvc/cache: earlier states of the tables; after the rerun: "
        "python -m dvc gc --workspace"
    )
    yield (
        f"  artifacts/{world}/champion, its Bento and the models registered before: "
        "trained with the account; after the rerun: make promote and make package, then "
        "delete the older runs and versions (make ui)"
    )
    yield f"  files of `make score` outside artifacts/{world}"
    yield (
        "  artifacts/forecasts: forecasts whose predictions name the account; frozen, so "
        "delete their folders (the ledger names no account)"
    )


if __name__ == "__main__":
    run_stage(main)
