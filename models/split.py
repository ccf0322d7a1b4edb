"""Folds: which accounts a model is trained on, and which it is judged on.

Three protocols: `loco` leaves out one operator with all its campaigns and controls,
`temporal` trains on what was disclosed first, `random` ignores campaigns and is kept
only to show how much it flatters. Inside the training side of each fold, `unit` names
the groups that are left out in turn to choose the number of trees and to calibrate.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from features.errors import InputError
from models.hashing import uniform

FOLDS = {
    "protocol": pl.String(),
    "fold": pl.String(),
    "account_id": pl.String(),
    "side": pl.String(),
    "unit": pl.String(),
}


@dataclass(frozen=True)
class Folds:
    """Folds and, for each protocol that cannot be made of these labels, why.

    table: columns of FOLDS; side is train or test, unit is null on the test side.
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
            training of a fold in turn.
    """
    operators = sorted(labels.filter(pl.col("label") == 1)["block"].unique())
    if len(operators) < 3:
        raise InputError(
            f"split: {len(operators)} operator(s) in the labels, at least 3 are needed "
            "(one to test on, two to train and calibrate on); add a takedown archive"
        )
    unplaced = set(labels["block"].unique()) - set(operators)
    if unplaced:
        raise InputError(
            f"split: controls are assigned to {', '.join(sorted(unplaced))}, of which no "
            "takedown account is left; change `blocks` of their source"
        )
    tables = [_fold("loco", o, labels, pl.col("block") == o) for o in operators]
    shuffled = labels.with_columns(
        pl.Series(
            "block",
            [
                f"part{int(u * random_folds)}"
                for u in uniform(labels["account_id"], "random folds")
            ],
        )
    )
    tables += [
        _fold("random", part, shuffled, pl.col("block") == part)
        for part in sorted(shuffled["block"].unique())
    ]
    temporal, reason = _temporal(labels, temporal_share, gap_days)
    folds = pl.concat([*tables, *temporal]).sort("protocol", "fold", "account_id")
    check_folds(folds, labels)
    return Folds(folds, {"temporal": reason} if reason else {})


def _fold(
    protocol: str, name: str, labels: pl.DataFrame, tested: pl.Expr
) -> pl.DataFrame:
    return labels.select(
        pl.lit(protocol).alias("protocol"),
        pl.lit(name).alias("fold"),
        "account_id",
        pl.when(tested).then(pl.lit("test")).otherwise(pl.lit("train")).alias("side"),
        pl.when(~tested).then("block").alias("unit"),
    )


def _temporal(
    labels: pl.DataFrame, share: float, gap_days: int
) -> tuple[list[pl.DataFrame], str]:
    campaigns = (
        labels.filter(pl.col("label") == 1)
        .group_by("campaign", "operator")
        .agg(pl.col("disclosed_at").min())
        .sort("disclosed_at", "campaign")
    )
    if campaigns["disclosed_at"].null_count():
        return [], "not every campaign has a date of disclosure"
    dates = campaigns["disclosed_at"].to_list()
    last = dates[int(np.ceil(share * len(dates))) - 1]
    early = campaigns.filter(pl.col("disclosed_at") <= last)
    late = campaigns.filter(pl.col("disclosed_at") > last + timedelta(days=gap_days))
    if not late.height:
        return [], f"no campaign was disclosed after {last:%Y-%m-%d}"
    if early["operator"].n_unique() < 2:
        return [], "fewer than two operators were disclosed before the others"
    # The controls of an operator with campaigns on both sides are shared out by hash,
    # in proportion, so that no account is on both sides.
    positives = labels.filter(pl.col("label") == 1).with_columns(
        pl.col("campaign").is_in(early["campaign"].implode()).alias("is_early")
    )
    early_share = positives.group_by("block").agg(pl.col("is_early").mean())
    kept = labels.join(early_share, on="block", how="left").with_columns(
        pl.Series("u", uniform(labels["account_id"], "temporal controls"))
    )
    in_late = pl.col("campaign").is_in(late["campaign"].implode())
    in_early = pl.col("campaign").is_in(early["campaign"].implode())
    control_late = (pl.col("label") == 0) & (pl.col("u") >= pl.col("is_early"))
    control_early = (pl.col("label") == 0) & (pl.col("u") < pl.col("is_early"))
    tested = (in_late | control_late).fill_null(False)
    trained = (in_early | control_early).fill_null(False)
    return [_fold("temporal", "later", kept.filter(tested | trained), tested)], ""


def check_folds(folds: pl.DataFrame, labels: pl.DataFrame) -> None:
    """Refuse folds that leak.

    Raises:
        InputError: an account stands on both sides of a fold, or an operator, campaign
            or control block does in a loco fold.
    """
    twice = (
        folds.group_by("protocol", "fold", "account_id").len().filter(pl.col("len") > 1)
    )
    if twice.height:
        raise InputError(
            f"split: {twice.height} account(s) stand twice in one fold; an account may "
            "be trained on or tested on, never both"
        )
    loco = folds.filter(pl.col("protocol") == "loco").join(
        labels.select("account_id", "block", "operator", "campaign"), on="account_id"
    )
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


@dataclass(frozen=True)
class TrainingSet:
    """Accounts that one booster is trained on.

    key: `all`, or `<protocol>-without-<fold>`, or `...-<fold>+<unit>`; the two orders
        of fold and unit share one key, because they leave the same accounts.
    account_ids: sorted.
    """

    key: str
    account_ids: list[str]


def set_key(protocol: str, fold: str | None, unit: str | None) -> str:
    """Key of the training set of a fold (null: the final model) without one unit."""
    left_out = sorted(name for name in (fold, unit) if name is not None)
    if not left_out:
        return "all"
    if protocol == "temporal":
        left_out = [name for name in (fold, unit) if name is not None]
    return f"{protocol}-without-{'+'.join(left_out)}"


def training_sets(folds: pl.DataFrame) -> list[TrainingSet]:
    """Every training set that the folds need, each once, sorted by key."""
    everyone = folds.filter(pl.col("protocol") == "loco")["account_id"].unique().sort()
    sets = {"all": TrainingSet("all", everyone.to_list())}
    for (protocol, fold), rows in folds.group_by(["protocol", "fold"]):
        train = rows.filter(pl.col("side") == "train").sort("account_id")
        for unit in [None, *sorted(train["unit"].unique())]:
            key = set_key(str(protocol), str(fold), unit)
            kept = train if unit is None else train.filter(pl.col("unit") != unit)
            sets[key] = TrainingSet(key, kept["account_id"].to_list())
    return [sets[key] for key in sorted(sets)]
