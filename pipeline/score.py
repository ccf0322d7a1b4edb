"""Score: accounts of any archive, offline, with the reasons, as the service would."""

import argparse
import json
import re
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from features.errors import InputError
from models.bundle import Bundle, load_bundle
from models.prevalence import Prevalence, estimate_prevalence
from pipeline.around import POPULATION, read_population
from pipeline.canonical_posts import FOLDER
from pipeline.errors import SourceError
from pipeline.ingest import ingest
from pipeline.score_tables import score_tables
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

# Of the estimated share of a batch, which is told and not stored.
_DRAWS = 200
_CONFIDENCE = 0.95
_NEAR = 1e-12
_FIRST_ID = re.compile(r'\{"account_id":("(?:[^"\\]|\\.)*")')


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
    add("--posts", type=Path, help="canonical posts, file or folder; may be missing")
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
        population = (
            read_population(around, _one_moment(accounts), Path(temporary) / "around")
            if args.population is not None
            else None
        )
        scored, abstained = score_tables(
            bundle,
            accounts,
            tables / FOLDER,
            args.prevalence,
            args.out,
            rejected,
            population,
        )
    counts = {"scored": scored, "abstained": abstained, "rejected": rejected.height}
    return bundle, counts


def _one_moment(accounts: pl.DataFrame) -> datetime | None:
    """The as_of of all accounts; null if there is none of them.

    Raises:
        InputError: they have several.
    """
    moments: list[datetime] = accounts["as_of"].unique().sort().to_list()
    if len(moments) > 1:
        raise InputError(
            f"--population: the accounts to score have {len(moments):,} moments (as_of), "
            f"{moments[0]} the first; what came after it would count for its accounts; "
            "give one for all with --as-of, or score those of each in a file of their own"
        )
    return moments[0] if moments else None


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
