"""Score: accounts of any archive, offline, with the reasons, as the service would."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow.parquet as pq

from features import schema
from features.errors import InputError
from models.bundle import Bundle, load_bundle
from models.scorer import as_table, score
from pipeline.errors import SourceError
from pipeline.featurize import parts
from pipeline.files import atomic_file
from pipeline.ingest import ingest
from pipeline.sources import READERS
from pipeline.stage import run_stage, say
from pipeline.to_score import (
    SOURCE,
    check_arguments,
    declare,
    files_of,
    histories,
    moment,
)

_POSTS_PER_PART = 400_000


def score_tables(
    bundle: Bundle,
    accounts: pl.DataFrame,
    posts_path: Path | None,
    prevalence: float | None,
    out: Path,
) -> tuple[int, int]:
    """Write scores part by part, so that memory does not grow with the archive.

    Args:
        bundle: a loaded model.
        accounts: canonical accounts, sorted by account_id.
        posts_path: canonical posts, a Parquet file, or null.
        prevalence: to assume; null for the bundle's default.
        out: Parquet file to write.

    Returns:
        Numbers of accounts with a score, and of those without evidence for one.
    """
    posts = pl.scan_parquet(posts_path) if posts_path else schema.empty("posts").lazy()
    counts = posts.group_by("account_id").agg(pl.len().alias("n_posts")).collect()
    sized = accounts.select("account_id").join(
        counts, on="account_id", how="left", maintain_order="left"
    )
    writer: pq.ParquetWriter | None = None
    done = scored = 0
    with atomic_file(out) as working:
        for ids in parts(
            sized.with_columns(pl.col("n_posts").fill_null(0)), _POSTS_PER_PART
        ):
            inside = pl.col("account_id").is_between(pl.lit(ids[0]), pl.lit(ids[-1]))
            some = accounts.filter(inside)
            scores = score(bundle, some, posts.filter(inside).collect(), prevalence)
            # Ids go out as they came in; ingest put the source before them.
            as_given = pl.col("account_id").str.strip_prefix(f"{SOURCE}/")
            table = as_table(scores, some["as_of"]).with_columns(as_given).to_arrow()
            writer = writer or pq.ParquetWriter(working, table.schema)
            writer.write_table(table)
            done += len(ids)
            scored += int(scores.evidence.sum())
            say(f"{done:,} of {accounts.height:,} accounts read")
        if writer is None:
            raise InputError("no account to score: every row was rejected")
        writer.close()
    return scored, done - scored


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--bundle", type=Path, required=True, help="bundle directory")
    add("--accounts", type=Path, help="canonical accounts, Parquet or CSV")
    add("--posts", type=Path, help="canonical posts, Parquet or CSV; may be missing")
    add("--format", default="canonical", choices=sorted(READERS), help="archive format")
    add("--path", type=Path, help="folder of an archive")
    add("--file", action="append", help="KIND=PATTERN below --path, as often as needed")
    add("--as-of", help="moment of judging, if the accounts do not state it")
    add("--prevalence", type=float, help="share to assume, between 0 and 1")
    add("--population", type=Path, help="canonical posts around, for co-activity")
    add("--out", type=Path, required=True, help="Parquet file to write")
    return parser


def _say_rejected(rejected: pl.DataFrame) -> None:
    """One line a rule: how many rows, and where the first one stands."""
    first = rejected.sort("file", "row").group_by("rule", maintain_order=True)
    for rule, count, file, row in first.agg(
        pl.len(), pl.col("file").first(), pl.col("row").first()
    ).iter_rows():
        say(f"{count:,} row(s) rejected, {rule}: the first in {file}, line {row}")


def main() -> None:
    """Run the command."""
    args = _parser().parse_args()
    check_arguments(args)
    as_of = moment(args.as_of)
    bundle = load_bundle(args.bundle)
    with TemporaryDirectory() as temporary:
        raw, files = files_of(args, Path(temporary) / "links")
        source = declare(files, args.format, as_of)
        tables = Path(temporary) / "canonical"
        try:
            ingest([source], raw, tables, Path(temporary) / "report.json")
        except SourceError as error:
            if as_of is None and ", as_of:" in str(error):
                raise InputError(
                    "as_of: accounts do not say when they were collected, in a time "
                    "with a zone; correct the column, or give one for all with --as-of"
                ) from None
            raise
        accounts = pl.read_parquet(tables / "accounts.parquet")
        if args.format == "canonical":
            accounts = accounts.drop("history_complete").join(
                histories(source, raw),
                on="account_id",
                how="left",
                maintain_order="left",
            )
        _say_rejected(pl.read_parquet(tables / "rejected.parquet"))
        scored, abstained = score_tables(
            bundle, accounts, tables / "posts.parquet", args.prevalence, args.out
        )
    print(f"{args.out}: {scored:,} accounts scored, {abstained:,} abstained")
    if bundle.description["world"] == "demo":
        print("trained on a simulated world: not for real accounts")


if __name__ == "__main__":
    run_stage(main)
