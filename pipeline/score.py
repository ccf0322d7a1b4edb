"""Score: accounts of any archive, offline, with the reasons, as the service would."""

import argparse
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow.parquet as pq

from features import schema
from features.build import build_features
from features.coactivity import COACTIVITY
from features.errors import InputError
from features.population import Population
from models.bundle import Bundle, load_bundle
from models.prevalence import Prevalence, estimate_prevalence
from models.scorer import as_table, score
from pipeline.around import POPULATION, read_population
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
# Of the estimated share of a batch, which is told and not stored.
_DRAWS = 200
_CONFIDENCE = 0.95
_NEAR = 1e-12
_FIRST_ID = re.compile(r'\{"account_id":("(?:[^"\\]|\\.)*")')


def score_tables(
    bundle: Bundle,
    accounts: pl.DataFrame,
    posts_path: Path | None,
    prevalence: float | None,
    out: Path,
    rejected: pl.DataFrame | None = None,
    population: Population | None = None,
) -> tuple[int, int]:
    """Write scores part by part, so that memory does not grow with the archive.

    Args:
        bundle: a loaded model.
        accounts: canonical accounts, sorted by account_id.
        posts_path: canonical posts, a Parquet file, or null.
        prevalence: to assume; null for the bundle's default.
        out: Parquet file to write: sorted by account_id, nulls last.
        rejected: account_id as given, or null, and reason of accounts that ingest
            rejected.
        population: the accounts around; adds a column a co-activity feature, which
            the model does not read. Null for none.

    Returns:
        Numbers of accounts with a score, and of those that abstain.
    """
    posts = pl.scan_parquet(posts_path) if posts_path else schema.empty("posts").lazy()
    counts = posts.group_by("account_id").agg(pl.len().alias("n_posts")).collect()
    sized = accounts.select("account_id").join(
        counts, on="account_id", how="left", maintain_order="left"
    )
    left = (
        pl.DataFrame(schema={"account_id": pl.String, "reason": pl.String})
        if rejected is None
        else rejected
    )
    writer: pq.ParquetWriter | None = None
    known = pl.DataFrame()
    done = scored = 0
    with atomic_file(out) as working:
        for ids in parts(
            sized.with_columns(pl.col("n_posts").fill_null(0)), _POSTS_PER_PART
        ):
            inside = pl.col("account_id").is_between(pl.lit(ids[0]), pl.lit(ids[-1]))
            some = accounts.filter(inside)
            some_posts = posts.filter(inside).collect()
            scores = score(bundle, some, some_posts, prevalence)
            # Ids go out as they came in; ingest put the source before them.
            as_given = pl.col("account_id").str.strip_prefix(f"{SOURCE}/")
            known = as_table(scores, some["as_of"]).with_columns(as_given)
            if population is not None:
                shared = build_features(some, some_posts, None, COACTIVITY, population)
                known = known.hstack(shared.drop("account_id"))
            earlier = (left["account_id"] < known["account_id"][-1]).fill_null(False)
            table = _with_rejected(known, left.filter(earlier)).to_arrow()
            left = left.filter(~earlier)
            writer = writer or pq.ParquetWriter(working, table.schema)
            writer.write_table(table)
            done += len(ids)
            scored += int((scores.abstained == "").sum())
            say(f"{done:,} of {accounts.height:,} accounts read")
        if writer is None:
            raise InputError("no account to score: every row was rejected")
        writer.write_table(_with_rejected(known.clear(), left).to_arrow())
        writer.close()
    return scored, done - scored


def _with_rejected(table: pl.DataFrame, rejected: pl.DataFrame) -> pl.DataFrame:
    """Rows of both in order of account_id, nulls last; no number for a rejected one."""
    rows = rejected.with_columns(pl.lit("rejected").alias("outcome"))
    return pl.concat([table, rows], how="diagonal").sort(
        "account_id", nulls_last=True, maintain_order=True
    )


def rejected_accounts(
    rejected: pl.DataFrame, report: Path, kept: pl.Series
) -> pl.DataFrame:
    """account_id as given, null where it cannot be read, and reason; one an account.

    A row that says again what another one says is no account of its own.

    Args:
        rejected: rejected rows of ingest.
        report: of ingest, which names the files of accounts.
        kept: ids of the accounts that were not rejected.
    """
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    named = {
        table: {row["file"] for row in files if row["table"] == table}
        for table in ("accounts", "posts")
    }
    # Where accounts are read off posts, a bad row is a post.
    of_accounts = sorted(named["accounts"] - named["posts"])
    rows = (
        rejected.filter(
            pl.col("file").is_in(of_accounts),
            ~pl.col("rule").is_in(["duplicate_identical", "duplicate_conflict"]),
        )
        .sort("file", "row")
        .select(
            pl.col("raw")
            .map_elements(_id_in, pl.String, skip_nulls=True)
            .alias("account_id"),
            pl.col("rule").alias("reason"),
        )
    )
    name = pl.col("account_id")
    again = name.is_not_null() & (
        name.is_in(kept.implode()) | ~name.is_first_distinct()
    )
    return rows.filter(~again).sort("account_id", nulls_last=True, maintain_order=True)


def _id_in(raw: str) -> str | None:
    """The account_id that stands first in a row's JSON, which may be cut after it."""
    found = _FIRST_ID.match(raw)
    return (json.loads(found[1]) or None) if found else None


def prevalence_of(scores: Path, anchor: float) -> Prevalence | None:
    """Estimated share of the accounts that were scored; null if they are too few.

    Args:
        scores: file as written.
        anchor: share of positives that the calibrator holds at.
    """
    logits = (
        pl.read_parquet(scores, columns=["bot_probability", "prevalence_shift"])
        .drop_nulls()
        # A probability may be rounded to 0 or 1.
        .select(pl.col("bot_probability").clip(_NEAR, 1 - _NEAR), "prevalence_shift")
        .select(
            pl.col("bot_probability").log()
            - (1 - pl.col("bot_probability")).log()
            - pl.col("prevalence_shift")
        )
    )
    return estimate_prevalence(
        logits.to_series().to_numpy(), anchor, _DRAWS, _CONFIDENCE, seed=0
    )


def score_parser() -> argparse.ArgumentParser:
    """Arguments of this command."""
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
    add("--population", type=Path, help="canonical posts of the accounts around")
    add("--population-accounts", type=Path, help="those accounts, canonical")
    add("--population-actions", type=Path, help="their reports and blocks, canonical")
    add("--out", type=Path, required=True, help="Parquet file to write")
    return parser


def _say_rejected(rejected: pl.DataFrame) -> None:
    """One line a rule: how many rows, and where the first one stands."""
    first = rejected.sort("file", "row").group_by("rule", maintain_order=True)
    for rule, count, file, row in first.agg(
        pl.len(), pl.col("file").first(), pl.col("row").first()
    ).iter_rows():
        say(f"{count:,} row(s) rejected, {rule}: the first in {file}, line {row}")


def score_given(args: argparse.Namespace) -> tuple[Bundle, dict[str, int]]:
    """Score what the arguments name: the model, numbers scored, abstained, rejected.

    Args:
        args: of `score_parser`.

    Raises:
        InputError: arguments or rows that cannot be used.
    """
    check_arguments(args)
    as_of = moment(args.as_of)
    bundle = load_bundle(args.bundle)
    with TemporaryDirectory() as temporary:
        raw, files = files_of(args, Path(temporary) / "links")
        source = declare(files, args.format, as_of)
        tables, report = Path(temporary) / "canonical", Path(temporary) / "report.json"
        try:
            ingest([source], raw, tables, report)
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
        bad_rows = pl.read_parquet(tables / "rejected.parquet")
        _say_rejected(bad_rows)
        kept = accounts["account_id"].str.strip_prefix(f"{SOURCE}/")
        rejected = rejected_accounts(bad_rows, report, kept)
        around = {kind: getattr(args, name) for kind, name in POPULATION.items()}
        latest = accounts.select(pl.col("as_of").max()).item()
        population = (
            read_population(around, latest, Path(temporary) / "around")
            if args.population is not None
            else None
        )
        scored, abstained = score_tables(
            bundle,
            accounts,
            tables / "posts.parquet",
            args.prevalence,
            args.out,
            rejected,
            population,
        )
    counts = {"scored": scored, "abstained": abstained, "rejected": rejected.height}
    return bundle, counts


def main() -> None:
    """Run the command."""
    args = score_parser().parse_args()
    bundle, counts = score_given(args)
    estimated = prevalence_of(args.out, bundle.calibrator.anchor)
    print(
        f"{args.out}: {counts['scored']:,} accounts scored, "
        f"{counts['abstained']:,} abstained, {counts['rejected']:,} rejected"
    )
    if estimated:
        print(
            f"share of this batch, estimated: {estimated.share:.3f} "
            f"[{estimated.low:.3f}, {estimated.high:.3f}]; {estimated.warning}"
        )
    if bundle.description["world"] == "demo":
        print("trained on a simulated world: not for real accounts")


if __name__ == "__main__":
    run_stage(main)
