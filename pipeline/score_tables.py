"""Scores of canonical tables as one table, in the order of their accounts."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl
import pyarrow.parquet as pq

from features.build import build_features
from features.coactivity import COACTIVITY
from features.errors import InputError
from features.population import Population
from models.bundle import Bundle
from models.scorer import as_table, score
from pipeline.canonical_posts import with_posts
from pipeline.files import atomic_file
from pipeline.stage import say
from pipeline.to_score import SOURCE

_POSTS_PER_PART: Final = 400_000
# Accounts whose scores are held together while they are put in order.
_ACCOUNTS_HELD: Final = 20_000
# Of a file of scores that are not yet in order: a range of accounts reads few others.
_ACCOUNTS_READ: Final = 1_000


def score_tables(
    bundle: Bundle,
    accounts: pl.DataFrame,
    posts: Path,
    prevalence: float | None,
    out: Path,
    rejected: pl.DataFrame,
    population: Population | None = None,
) -> tuple[int, int]:
    """Write scores part by part, so that memory does not grow with the archive.

    Accounts are scored bucket by bucket, and what that gives is then written in order.

    Args:
        bundle: a loaded model.
        accounts: canonical accounts, sorted by account_id.
        posts: folder of canonical posts, as ingest writes it.
        prevalence: to assume; null for the bundle's default.
        out: Parquet file to write: sorted by account_id, nulls last.
        rejected: account_id as given, or null, and reason of accounts that ingest
            rejected.
        population: the accounts around; adds a column a co-activity feature, which
            the model does not read. Null for none.

    Returns:
        Numbers of accounts with a score, and of those that abstain.

    Raises:
        InputError: there is no account to score.
    """
    if accounts.is_empty():
        raise InputError("no account to score: every row was rejected")
    # Ids go out as they came in; ingest put the source before them.
    as_given = pl.col("account_id").str.strip_prefix(f"{SOURCE}/")
    done = scored = 0
    with TemporaryDirectory() as folder:
        files: list[Path] = []
        for some, own in with_posts(accounts, posts, _POSTS_PER_PART):
            scores = score(bundle, some, own, prevalence)
            known = as_table(scores, some["as_of"]).with_columns(as_given)
            if population is not None:
                shared = build_features(some, own, None, COACTIVITY, population)
                known = known.hstack(shared.drop("account_id"))
            files.append(Path(folder) / f"{len(files)}.parquet")
            known.write_parquet(files[-1], row_group_size=_ACCOUNTS_READ)
            done += some.height
            scored += int((scores.abstained == "").sum())
            say(f"{done:,} of {accounts.height:,} accounts read")
        ids = accounts.select(as_given).to_series()
        _write_in_order(pl.scan_parquet(files), ids, rejected, out)
    return scored, done - scored


def _write_in_order(
    scores: pl.LazyFrame, ids: pl.Series, left: pl.DataFrame, out: Path
) -> None:
    """Write the scores of accounts, and those that were rejected where they belong.

    Args:
        scores: in any order.
        ids: of all of them, sorted.
        left: account_id or null, and reason; sorted, nulls last.
        out: Parquet file to write.
    """
    writer: pq.ParquetWriter | None = None
    with atomic_file(out) as working:
        for start in range(0, len(ids), _ACCOUNTS_HELD):
            some = ids.slice(start, _ACCOUNTS_HELD)
            inside = pl.col("account_id").is_between(pl.lit(some[0]), pl.lit(some[-1]))
            known = scores.filter(inside).collect().sort("account_id")
            is_last = start + _ACCOUNTS_HELD >= len(ids)
            earlier = (left["account_id"] < some[-1]).fill_null(False) | is_last
            table = _with_rejected(known, left.filter(earlier)).to_arrow()
            left = left.filter(~earlier)
            writer = writer or pq.ParquetWriter(working, table.schema)
            writer.write_table(table)
        assert writer is not None
        writer.close()


def _with_rejected(table: pl.DataFrame, rejected: pl.DataFrame) -> pl.DataFrame:
    """Rows of both in order of account_id, nulls last; no number for a rejected one."""
    rows = rejected.with_columns(pl.lit("rejected").alias("outcome"))
    return pl.concat([table, rows], how="diagonal").sort(
        "account_id", nulls_last=True, maintain_order=True
    )
