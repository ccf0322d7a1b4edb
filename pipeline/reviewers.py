"""Reviewers as a label source: what they agree on, and how far to trust it.

A source whose labels are declared of kind `reviewer` takes them from verdicts alone.
On every other label a verdict is only held against it, and shown: it changes nothing.
"""

from collections.abc import Mapping
from statistics import NormalDist
from typing import Annotated, Final

import polars as pl
from pydantic import Field

from pipeline.conflicts import CONFLICTS, shared_id
from pipeline.errors import ParamsError
from pipeline.section import Section
from pipeline.sources.source import REVIEWER, Name, Source

# Of accounts that a source left to the reviewers and that they did not decide on.
NO_VERDICT: Final = "no_verdict"
# Of labels that the reviewers' verdict contradicts; they stay.
OPPOSED: Final = "reviewers"

_WORDS: Final = ("inauthentic", "authentic")


class ReviewerRules(Section):
    """Section `label.reviewers` of params.yaml."""

    files: dict[Name, Annotated[str, Field(pattern=r"^[\w.-]+$")]]
    least_reviewers: Annotated[int, Field(ge=1)]
    confidence: Annotated[float, Field(gt=0, lt=1)]


def agreed(verdicts: pl.DataFrame, rules: ReviewerRules) -> pl.DataFrame:
    """What reviewers agree on: account_id, verdict 1 or 0, strength, reviewers.

    The verdict of most reviewers; none where as many said the contrary, or fewer than
    `least_reviewers` decided. strength is the lower bound of the Wilson interval of the
    share that agrees, the undecided counted among those who do not: one reviewer alone
    is worth little, and one against three is worth less than three alone.

    Source: Wilson 1927, Probable inference.
    """
    z = NormalDist().inv_cdf(0.5 + rules.confidence / 2)
    # With its source and without, an account is one: so is who decided on both.
    each = verdicts.sort("at", "verdict").unique(
        ["account_id", "reviewer"], keep="last", maintain_order=True
    )
    counted = each.group_by("account_id").agg(
        *(
            (pl.col("verdict") == word).sum().cast(pl.Int64).alias(word)
            for word in _WORDS
        ),
        pl.len().cast(pl.Int64).alias("reviewers"),
    )
    one, other = (pl.col(word) for word in _WORDS)
    n = pl.col("reviewers")
    share = pl.max_horizontal(one, other) / n
    spread = z * (share * (1 - share) / n + z**2 / (4 * n**2)).sqrt()
    return (
        counted.filter((one != other) & (one + other >= rules.least_reviewers))
        .select(
            "account_id",
            (one > other).cast(pl.Int8).alias("verdict"),
            ((share + z**2 / (2 * n) - spread) / (1 + z**2 / n)).alias("strength"),
            "reviewers",
        )
        .sort("account_id")
    )


def place(
    verdicts: pl.DataFrame, given: pl.DataFrame, spaces: Mapping[str, str]
) -> tuple[pl.DataFrame, int]:
    """Verdicts with the account_id of the world, once for each source that has it.

    Args:
        verdicts: columns of verdicts.VERDICTS; ids with or without their source.
        given: labels of ingest.
        spaces: see conflicts.shared_id.

    Returns:
        The same columns and `number`, the row of each verdict; those of accounts that
        are not there are left out. And how many were left out because their id, without
        a source, is that of different accounts in two spaces of ids.
    """
    known = given.select(
        "account_id",
        bare=pl.col("account_id").str.replace(r"^[^/]*/", ""),
        shared=shared_id(spaces),
    )
    numbered = verdicts.with_row_index("number")
    exact = numbered.join(known.select("account_id"), on="account_id")
    by_bare = numbered.join(exact.select("number"), on="number", how="anti").join(
        known, left_on="account_id", right_on="bare", suffix="_known"
    )
    several = pl.col("shared").n_unique().over("number") > 1
    ambiguous = by_bare.filter(several)["number"].n_unique()
    named = (
        by_bare.filter(~several)
        .with_columns(account_id="account_id_known")
        .drop("account_id_known")
    )
    placed = pl.concat([exact, named.select(exact.columns)])
    return placed.sort("number", "account_id"), ambiguous


def weigh(
    given: pl.DataFrame, sources: list[Source], decided: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Labels of ingest with those of reviewers' sources set, and the accounts left out.

    Args:
        given: labels of ingest: account_id, source, label, group.
        sources: declarations of the world.
        decided: of `agreed`.

    Returns:
        Labels as given, and left-out accounts as rows of CONFLICTS.

    Raises:
        ParamsError: a source of kind reviewer does not declare both classes.
    """
    asked = [source for source in sources if source.left_to_reviewers]
    for source in asked:
        if source.positives is None or source.controls is None:
            raise ParamsError(
                f"source {source.name}: labels of kind {REVIEWER} come from verdicts, which "
                "may go either way; declare positives and controls"
            )
    by_verdict = pl.col("source").is_in([source.name for source in asked])
    joined = given.join(
        decided.select("account_id", "verdict"),
        on="account_id",
        how="left",
        maintain_order="left",
    )
    silent = by_verdict & pl.col("verdict").is_null()
    kept = joined.filter(~silent).with_columns(
        pl.when(by_verdict).then("verdict").otherwise("label").alias("label")
    )
    out = joined.filter(silent).select(
        "account_id",
        "source",
        pl.lit(REVIEWER).alias("kind"),
        pl.lit(NO_VERDICT).alias("rule"),
        pl.lit(False).alias("kept"),
    )
    return kept.select(given.columns), _as_conflicts(out)


def trust(labels: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """Labels of kind reviewer with the strength of their agreement."""
    joined = labels.join(
        decided.select("account_id", agreement="strength"),
        on="account_id",
        how="left",
        maintain_order="left",
    )
    own = pl.col("kind") == REVIEWER
    strength = pl.when(own).then("agreement").otherwise("strength").alias("strength")
    return joined.with_columns(strength).select(labels.columns)


def opposed(labels: pl.DataFrame, decided: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Labels of other kinds that verdicts contradict, and how many they confirm.

    Two rows of CONFLICTS each: the label, which is kept, and the verdict, which is not.
    """
    others = labels.filter(pl.col("kind") != REVIEWER).join(
        decided.rename({"strength": "agreement"}), on="account_id"
    )
    against = others.filter(pl.col("verdict") != pl.col("label"))
    rule = pl.lit(OPPOSED).alias("rule")
    stays = against.select(
        *("account_id", "source", "label", "kind", "strength"),
        *(rule, pl.lit(True).alias("kept")),
    )
    verdict = against.select(
        *("account_id", pl.lit("reviewers").alias("source")),
        *(pl.col("verdict").alias("label"), pl.lit(REVIEWER).alias("kind")),
        *(pl.col("agreement").alias("strength"), rule, pl.lit(False).alias("kept")),
    )
    both = pl.concat([_as_conflicts(stays), _as_conflicts(verdict)])
    return both.sort("account_id", "kept"), others.height - against.height


def _as_conflicts(rows: pl.DataFrame) -> pl.DataFrame:
    absent = {name: None for name in CONFLICTS if name not in rows.columns}
    return (
        rows.with_columns(
            pl.lit(value, CONFLICTS[name]).alias(name) for name, value in absent.items()
        )
        .with_columns(shared_id="account_id")
        .select(list(CONFLICTS))
    )
