"""Score: accounts of any archive, offline, with the reasons, as the service would."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow.parquet as pq

from features import schema
from features.errors import InputError
from models.bundle import Bundle, load_bundle
from models.scorer import as_table, score
from pipeline.featurize import parts
from pipeline.files import atomic_file
from pipeline.ingest import ingest
from pipeline.sources import READERS
from pipeline.sources.source import Source
from pipeline.stage import run_stage, say

_POSTS_PER_PART = 400_000
_SOURCE = "scored"


def declared(files: dict[str, list[str]], form: str, as_of: datetime | None) -> Source:
    """Source of accounts to be scored: nothing is known of their class.

    Args:
        files: kind of file -> names, as the format asks.
        form: a key of READERS.
        as_of: moment of judging; null to take the archive's own column.
    """
    return Source.model_validate(
        {
            "name": _SOURCE,
            "format": form,
            "files": files,
            "positives": None,
            "controls": {
                "name": _SOURCE,
                "kind": "weak",
                "strength": 1.0,
                "blocks": {_SOURCE: 1.0},
                "slice": None,
            },
            "as_of": {
                "rule": "constant" if as_of else "column",
                "at": as_of and as_of.isoformat(),
            },
            "date_order": None,
            "zone": None,
            "encoding": "utf-8",
            "history_complete": False,
            "platform_start": "1970-01-01T00:00:00Z",
            "needs_posts": False,
            "terms": "declared by whoever scores",
        }
    )


def score_tables(
    bundle: Bundle,
    accounts: pl.DataFrame,
    posts_path: Path | None,
    prevalence: float | None,
    out: Path,
) -> int:
    """Write scores part by part, so that memory does not grow with the archive.

    Args:
        bundle: a loaded model.
        accounts: canonical accounts, sorted by account_id.
        posts_path: canonical posts, a Parquet file, or null.
        prevalence: to assume; null for the bundle's default.
        out: Parquet file to write.

    Returns:
        Number of accounts.
    """
    posts = pl.scan_parquet(posts_path) if posts_path else schema.empty("posts").lazy()
    counts = posts.group_by("account_id").agg(pl.len().alias("n_posts")).collect()
    sized = accounts.select("account_id").join(
        counts, on="account_id", how="left", maintain_order="left"
    )
    writer: pq.ParquetWriter | None = None
    done = 0
    with atomic_file(out) as working:
        for ids in parts(
            sized.with_columns(pl.col("n_posts").fill_null(0)), _POSTS_PER_PART
        ):
            inside = pl.col("account_id").is_between(pl.lit(ids[0]), pl.lit(ids[-1]))
            some = accounts.filter(inside)
            scores = score(bundle, some, posts.filter(inside).collect(), prevalence)
            # Ids go out as they came in; ingest put the source before them.
            as_given = pl.col("account_id").str.strip_prefix(f"{_SOURCE}/")
            table = as_table(scores, some["as_of"]).with_columns(as_given).to_arrow()
            writer = writer or pq.ParquetWriter(working, table.schema)
            writer.write_table(table)
            done += len(ids)
            say(f"{done:,} of {accounts.height:,} accounts scored")
        if writer is None:
            raise InputError("no account to score: every row was rejected")
        writer.close()
    return done


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"--as-of {text!r}: not a time; write it like 2024-05-01T00:00:00Z"
        ) from None
    if moment.tzinfo is None:
        raise InputError(f"--as-of {text!r}: no zone; write it like {text}Z for UTC")
    return moment.astimezone(UTC)


def _files(args: argparse.Namespace, links: Path) -> tuple[Path, dict[str, list[str]]]:
    """Folder and files by kind of what is to be scored.

    Args:
        args: the command line.
        links: directory for links to the two canonical files, wherever they lie.
    """
    files: dict[str, list[str]] = {}
    if args.format == "canonical":
        if args.accounts is None:
            raise InputError("--accounts is missing: the file of accounts to score")
        for kind, path in (("accounts", args.accounts), ("posts", args.posts)):
            if path is not None:
                if not path.is_file():
                    raise InputError(f"--{kind} {path}: no such file")
                (links / kind).mkdir(parents=True)
                (links / kind / path.name).symlink_to(path.resolve())
                files[kind] = [f"{kind}/{path.name}"]
        return links, files
    if args.path is None:
        raise InputError(f"--format {args.format}: give the archive's folder, --path")
    for pair in args.file or []:
        kind, _, pattern = pair.partition("=")
        files.setdefault(kind, []).append(pattern)
    if not files:
        raise InputError(
            f"--format {args.format}: name its files, for example "
            "--file accounts='*users*.csv' --file posts='*tweets*.csv'"
        )
    return args.path, files


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--bundle", type=Path, required=True, help="bundle directory")
    add("--accounts", type=Path, help="canonical accounts, Parquet or CSV")
    add("--posts", type=Path, help="canonical posts, Parquet or CSV; may be missing")
    add("--format", default="canonical", choices=sorted(READERS), help="archive format")
    add("--path", type=Path, help="folder of an archive of another format")
    add("--file", action="append", help="KIND=PATTERN below --path, as often as needed")
    add("--as-of", help="moment of judging, if the accounts do not state it")
    add("--prevalence", type=float, help="share to assume, between 0 and 1")
    add("--population", type=Path, help="canonical posts around, for co-activity")
    add("--out", type=Path, required=True, help="Parquet file to write")
    return parser


def main() -> None:
    """Run the command."""
    args = _parser().parse_args()
    bundle = load_bundle(args.bundle)
    if args.population is not None:
        raise InputError(
            "--population: this model has no feature that reads a population"
        )
    with TemporaryDirectory() as temporary:
        raw, files = _files(args, Path(temporary) / "links")
        source = declared(files, args.format, _moment(args.as_of))
        tables = Path(temporary) / "canonical"
        ingest([source], raw, tables, Path(temporary) / "report.json")
        accounts = pl.read_parquet(tables / "accounts.parquet")
        rejected = pl.read_parquet(tables / "rejected.parquet")
        done = score_tables(
            bundle, accounts, tables / "posts.parquet", args.prevalence, args.out
        )
    if rejected.height:
        by_rule = rejected.group_by("rule").len().sort("rule").iter_rows()
        rules = ", ".join(f"{count:,} {rule}" for rule, count in by_rule)
        say(f"{rejected.height:,} rows rejected: {rules}")
    print(f"{args.out}: {done:,} accounts scored")


if __name__ == "__main__":
    run_stage(main)
