"""Folds: which accounts a model is trained on, and which it is judged on.

Three protocols: `loco` leaves out one operator with all its campaigns and controls,
`temporal` trains on what was disclosed first, `random` ignores campaigns and is kept
only to show how much it flatters. Inside the training side of each fold, `unit` names
the groups that are left out in turn to choose the number of trees and to calibrate.

Accounts of a look-alike slice are the panel: each is scored by the model of the fold
that its block is tested in, no model is trained on it, and no figure of a campaign
counts it.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from features.errors import InputError
from models.hashing import uniform
from models.training_sets import person, sets_of_folds

FOLDS = {
    "protocol": pl.String(),
    "fold": pl.String(),
    "account_id": pl.String(),
    "side": pl.String(),
    "unit": pl.String(),
    "duplicate_group": pl.String(),
}


@dataclass(frozen=True)
class Folds:
    """Folds and, for each protocol that cannot be made of these labels, why.

    table: columns of FOLDS; side is train, test or panel; unit is null unless trained;
        duplicate_group is that of the labels.
    not_applicable: protocol -> reason.
    """

    table: pl.DataFrame
    not_applicable: dict[str, str]


def make_folds(
    labels: pl.DataFrame, random_folds: int, temporal_share: float, gap_days: int
) -> Folds:
    """Folds of all three protocols.

    Args:
        labels: canonical labels, a row an account.
        random_folds: number of random folds.
        temporal_share: least share of campaigns that the temporal fold trains on.
        gap_days: days between the last disclosure trained on and the first tested.

    Raises:
        InputError: fewer than three operators, so that nothing can be left out of the
            training of a fold in turn; controls of an operator that is not there; or a
            fold that would be trained on one class.
    """
    _check_blocks(labels)
    operators = sorted(labels.filter(pl.col("label") == 1)["block"].unique())
    loco = [_fold("loco", o, labels, pl.col("block") == o) for o in operators]
    shuffled = labels.with_columns(
        pl.Series(
            "block",
            [
                f"part{int(u * random_folds)}"
                for u in uniform(_persons(labels), "random folds")
            ],
        )
    )
    parts = [
        _fold("random", part, shuffled, pl.col("block") == part)
        for part in sorted(shuffled["block"].unique())
    ]
    temporal, reason = _temporal(labels, temporal_share, gap_days)
    tables, not_applicable = list(loco), {}
    for protocol, made, why in (
        ("temporal", temporal, reason),
        ("random", parts, None),
    ):
        why = why or _one_class(pl.concat(made), labels)
        if why:
            not_applicable[protocol] = why
        else:
            tables += made
    if why := _one_class(pl.concat(loco), labels):
        raise InputError(
            f"split: {why}; assign controls to more operators (`blocks` of a source)"
        )
    folds = pl.concat(tables).sort("protocol", "fold", "account_id")
    check_folds(folds, labels, gap_days)
    return Folds(folds, not_applicable)


def _persons(labels: pl.DataFrame) -> pl.Series:
    """Key that draws are made by, so that copies are drawn alike."""
    return labels.select(person())["person"]


def _check_blocks(labels: pl.DataFrame) -> None:
    operators = sorted(labels.filter(pl.col("label") == 1)["block"].unique())
    if len(operators) < 3:
        raise InputError(
            f"split: {len(operators)} operator(s) in the labels, at least 3 are needed "
            "(one to test on, two to train and calibrate on); add a takedown archive"
        )
    if "all" in operators:
        raise InputError(
            "split: an operator is named `all`, as the final model is; rename it"
        )
    unplaced = set(labels["block"].unique()) - set(operators)
    if unplaced:
        raise InputError(
            f"split: controls are assigned to {', '.join(sorted(unplaced))}, of which no "
            "takedown account is left; change `blocks` of their source"
        )


def _fold(
    protocol: str, name: str, labels: pl.DataFrame, tested: pl.Expr
) -> pl.DataFrame:
    """Rows of one fold; who is scored is not trained on, as a copy or elsewhere."""
    in_panel = pl.col("slice").is_not_null()
    scored = pl.when(in_panel).then(pl.lit("panel")).otherwise(pl.lit("test"))
    rows = labels.filter(tested | ~in_panel).select(
        pl.lit(protocol).alias("protocol"),
        pl.lit(name).alias("fold"),
        "account_id",
        pl.when(tested).then(scored).otherwise(pl.lit("train")).alias("side"),
        pl.when(~tested).then("block").alias("unit"),
        "duplicate_group",
    )
    trained = pl.col("side") == "train"
    known = rows.filter(~trained).select(person())["person"]
    return rows.filter(~trained | ~person().is_in(known.implode()))


def _one_class(folds: pl.DataFrame, labels: pl.DataFrame) -> str | None:
    """Why these folds cannot be trained on, or null: a training set of one class."""
    truth = labels.select("account_id", "label")
    for training in sets_of_folds(folds):
        ids = pl.DataFrame({"account_id": training.account_ids}, schema=["account_id"])
        present = ids.cast(pl.String).join(truth, on="account_id")["label"].unique()
        if len(present) < 2:
            only = "takedown accounts" if 1 in present else "controls"
            return f"only {only} are left to train on in {training.key}"
    return None


def _temporal(
    labels: pl.DataFrame, share: float, gap_days: int
) -> tuple[list[pl.DataFrame], str | None]:
    campaigns = (
        labels.filter(pl.col("label") == 1)
        .group_by("campaign", "operator")
        .agg(
            pl.col("disclosed_at").min().alias("first"),
            pl.col("disclosed_at").max().alias("last"),
            pl.col("disclosed_at").null_count().alias("undated"),
        )
        .sort("last", "campaign")
    )
    if campaigns["undated"].sum():
        return [], "not every campaign has a date of disclosure"
    dates = campaigns["last"].to_list()
    last = dates[int(np.ceil(share * len(dates))) - 1]
    # A campaign published in parts, before and after, is on neither side.
    early = campaigns.filter(pl.col("last") <= last)
    late = campaigns.filter(pl.col("first") > last + timedelta(days=gap_days))
    if not late.height:
        return [], f"no campaign was disclosed after {last:%Y-%m-%d}"
    if early["operator"].n_unique() < 2:
        return [], "fewer than two operators were disclosed before the others"
    in_early = pl.col("campaign").is_in(early["campaign"].implode())
    in_late = pl.col("campaign").is_in(late["campaign"].implode())
    # The controls of an operator are shared out by hash in proportion to its accounts
    # before and after, so that no account is on both sides; what belongs to campaigns
    # within the gap stays out.
    shares = (
        labels.filter(pl.col("label") == 1)
        .group_by("block")
        .agg(in_early.mean().alias("early"), in_late.mean().alias("late"))
    )
    kept = labels.join(shares, on="block", how="left").with_columns(
        pl.Series("u", uniform(_persons(labels), "temporal controls"))
    )
    control = pl.col("label") == 0
    tested = in_late | (control & (pl.col("u") >= 1 - pl.col("late")))
    trained = in_early | (control & (pl.col("u") < pl.col("early")))
    tested, trained = tested.fill_null(False), trained.fill_null(False)
    return [_fold("temporal", "later", kept.filter(tested | trained), tested)], None


def check_folds(folds: pl.DataFrame, labels: pl.DataFrame, gap_days: int = 0) -> None:
    """Refuse folds that leak.

    Raises:
        InputError: an account stands on both sides of a fold, under whatever source or
            as a copy; an account of the panel is trained on; an operator, campaign or
            control block stands on both sides of a loco fold; or a campaign of
            the temporal fold is tested that was not disclosed after those trained on.
    """
    twice = (
        folds.group_by("protocol", "fold", "account_id").len().filter(pl.col("len") > 1)
    )
    # By the labels: folds could have been made without them.
    groups = labels.select("account_id", "duplicate_group")
    both = (
        folds.drop("duplicate_group")
        .join(groups, on="account_id", how="left")
        .group_by("protocol", "fold", person())
        .agg(pl.col("side").n_unique())
        .filter(pl.col("side") > 1)
    )
    if count := max(twice.height, both.height):
        raise InputError(
            f"split: {count} account(s) or their copies stand twice in one fold; an "
            "account may be trained on or tested on, never both"
        )
    columns = ["block", "operator", "campaign", "disclosed_at", "slice"]
    placed = folds.join(labels.select("account_id", *columns), on="account_id")
    in_panel = pl.col("slice").is_not_null()
    learnt = placed.filter(in_panel & (pl.col("side") != "panel"))
    if learnt.height:
        raise InputError(
            f"split: {learnt.height} row(s) of slice {learnt['slice'][0]} are not on the "
            "panel's side; look-alikes are scored, never trained on or counted"
        )
    placed = placed.filter(~in_panel)
    loco = placed.filter(pl.col("protocol") == "loco")
    for column in ("block", "operator", "campaign"):
        sides = (
            loco.filter(pl.col(column).is_not_null())
            .group_by("fold", column)
            .agg(pl.col("side").n_unique())
            .filter(pl.col("side") > 1)
        )
        if sides.height:
            fold, name = sides.select("fold", column).row(0)
            raise InputError(
                f"split: {column} {name} is on both sides of loco fold {fold}"
            )
    disclosed = placed.filter(
        (pl.col("protocol") == "temporal") & pl.col("disclosed_at").is_not_null()
    )
    train, test = pl.col("side") == "train", pl.col("side") == "test"
    gap = timedelta(days=gap_days)
    last, first = disclosed.select(
        pl.col("disclosed_at").filter(train).max(),
        pl.col("disclosed_at").filter(test).min().alias("first"),
    ).row(0)
    if disclosed.height and not last + gap < first:
        raise InputError(
            f"split: the temporal fold trains on what was disclosed on {last} and tests "
            f"what was disclosed on {first}; {gap_days} day(s) must lie between"
        )
