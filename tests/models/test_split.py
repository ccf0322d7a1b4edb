from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from features.errors import InputError
from models.split import Folds, check_folds, make_folds
from models.training_sets import set_key, training_sets
from tests.models.builders import make_labels


def split(labels: pl.DataFrame, share: float = 0.5, gap: int = 0) -> Folds:
    return make_folds(labels, random_folds=4, temporal_share=share, gap_days=gap)


def side(folds: Folds, protocol: str, fold: str, name: str) -> set[str]:
    rows = folds.table.filter(protocol=protocol, fold=fold, side=name)
    return set(rows["account_id"])


def changed(labels: pl.DataFrame, account: str, **values: object) -> pl.DataFrame:
    hit = pl.col("account_id") == account
    return labels.with_columns(
        pl.when(hit).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


def test_an_operator_leaves_with_its_controls() -> None:
    labels = make_labels()
    folds = split(labels)

    for operator in ("one", "two", "three", "four"):
        own = set(labels.filter(block=operator)["account_id"])
        assert side(folds, "loco", operator, "test") == own
        assert side(folds, "loco", operator, "train") == set(labels["account_id"]) - own


def test_every_account_is_tested_once_at_random() -> None:
    labels = make_labels()
    tested = split(labels).table.filter(protocol="random", side="test")

    assert sorted(tested["account_id"]) == sorted(labels["account_id"])
    assert tested["fold"].n_unique() == 4


def test_row_order_changes_nothing() -> None:
    labels = make_labels()

    shuffled = split(labels.sample(fraction=1, shuffle=True, seed=1))

    assert shuffled.table.equals(split(labels).table)


def test_temporal_fold_trains_on_what_was_disclosed_first() -> None:
    labels = make_labels()
    folds = split(labels, share=0.5)

    assert side(folds, "temporal", "later", "test") == set(
        labels.filter(pl.col("block").is_in(["three", "four"]))["account_id"]
    )
    assert folds.not_applicable == {}


def test_controls_of_an_operator_on_both_sides_are_shared_out() -> None:
    labels = make_labels(positives=40, controls=400)
    half = labels.filter((pl.col("block") == "four") & (pl.col("label") == 1))
    early = datetime(2018, 6, 1, tzinfo=UTC)
    for account in half["account_id"][:20]:
        labels = changed(labels, account, campaign="four_b", disclosed_at=early)

    folds = split(labels.cast({"disclosed_at": pl.Datetime("ms", "UTC")}), share=0.6)

    controls = set(labels.filter(block="four", label=0)["account_id"])
    trained = controls & side(folds, "temporal", "later", "train")
    tested = controls & side(folds, "temporal", "later", "test")
    assert not trained & tested
    assert trained | tested == controls
    # Half of 400, give or take four standard deviations.
    assert abs(len(trained) - 200) < 40


def test_accounts_within_the_gap_are_on_no_side() -> None:
    labels = make_labels()
    folds = split(labels, share=0.5, gap=400)

    within = set(labels.filter(block="three")["account_id"])
    assert not within & side(folds, "temporal", "later", "train")
    assert not within & side(folds, "temporal", "later", "test")


@pytest.mark.parametrize(
    ("share", "reason"),
    [(0.99, "no campaign was disclosed after"), (0.2, "fewer than two operators")],
)
def test_no_temporal_fold_has_a_reason(share: float, reason: str) -> None:
    assert reason in split(make_labels(), share=share).not_applicable["temporal"]


def test_undated_campaigns_allow_no_temporal_fold() -> None:
    undated = make_labels().with_columns(disclosed_at=pl.lit(None, pl.Datetime("ms")))
    labels = undated.with_columns(pl.col("disclosed_at").dt.replace_time_zone("UTC"))

    assert "not every campaign" in split(labels).not_applicable["temporal"]


def test_fewer_than_three_operators_are_refused() -> None:
    with pytest.raises(InputError, match=r"2 operator\(s\).*at least 3"):
        split(make_labels(("one", "two")))


def test_controls_of_no_operator_are_refused() -> None:
    labels = make_labels()
    stray = changed(labels, labels.filter(label=0)["account_id"][0], block="nobody")

    with pytest.raises(InputError, match="nobody"):
        split(stray)


def test_an_operator_called_like_the_final_model_is_refused() -> None:
    labels = make_labels().with_columns(pl.col("block").replace("one", "all"))

    with pytest.raises(InputError, match="`all`"):
        split(labels)


def test_a_fold_without_controls_to_train_on_is_refused() -> None:
    labels = make_labels().filter((pl.col("label") == 1) | (pl.col("block") == "one"))

    with pytest.raises(InputError, match=r"only takedown accounts.*blocks"):
        split(labels)


def test_a_planted_duplicate_account_is_refused() -> None:
    labels = make_labels()
    folds = split(labels).table
    planted = folds.filter(protocol="loco", fold="one", side="test").head(1)
    planted = planted.with_columns(side=pl.lit("train"), unit=pl.lit("two"))

    with pytest.raises(InputError, match="stand twice"):
        check_folds(pl.concat([folds, planted]), labels)


def test_an_account_of_two_sources_is_not_trained_on_where_it_is_tested() -> None:
    labels = make_labels()
    twin = "two0/one-1-0"
    labels = labels.with_columns(pl.col("account_id").replace("two0/two-0-0", twin))
    original = "one1/one-1-0"
    folds = split(labels)

    assert original in side(folds, "loco", "one", "test")
    assert twin not in side(folds, "loco", "one", "train")
    assert original not in side(folds, "loco", "two", "train")
    for training in training_sets(folds.table):
        if training.key not in ("all",) and "one+" in f"{training.key}+":
            assert twin not in training.account_ids


def test_an_account_of_two_sources_on_both_sides_is_refused() -> None:
    labels = make_labels()
    folds = split(labels).table
    renamed = {"two0/two-0-0": "two0/one-1-0"}
    planted = folds.with_columns(pl.col("account_id").replace(renamed))

    with pytest.raises(InputError, match="stand twice"):
        check_folds(planted, labels)


@pytest.mark.parametrize("column", ["operator", "campaign"])
def test_an_operator_or_campaign_on_both_sides_is_refused(column: str) -> None:
    labels = make_labels()
    positive = labels.filter(label=1, block="one")["account_id"][0]

    with pytest.raises(InputError, match=f"{column} two is on both sides"):
        split(changed(labels, positive, **{column: "two"}))


def test_a_control_block_on_both_sides_is_refused() -> None:
    labels = make_labels()
    folds = split(labels).table
    moved = changed(labels, labels.filter(label=0, block="one")["account_id"][0])
    moved = changed(moved, moved.filter(label=0)["account_id"][0], block="two")

    with pytest.raises(InputError, match="block two is on both sides"):
        check_folds(folds, moved)


def test_a_temporal_fold_that_looks_back_is_refused() -> None:
    labels = make_labels()
    folds = split(labels)
    later = labels.with_columns(
        pl.when(pl.col("block") == "one")
        .then(pl.col("disclosed_at") + timedelta(days=3_000))
        .otherwise("disclosed_at")
        .alias("disclosed_at")
    )

    with pytest.raises(InputError, match="temporal fold trains on"):
        check_folds(folds.table, later)
    with pytest.raises(InputError, match="temporal fold trains on"):
        check_folds(folds.table, labels, gap_days=800)


def test_both_orders_of_fold_and_unit_leave_the_same_accounts() -> None:
    labels = make_labels().with_columns(
        pl.col("account_id").replace("two0/two-0-0", "two0/one-1-0")
    )
    folds = split(labels).table.filter(protocol="loco")
    placed = {s.key: s.account_ids for s in training_sets(folds)}

    reverse = folds.filter(pl.col("fold") == "two")
    only = {s.key: s.account_ids for s in training_sets(reverse)}
    forward = folds.filter(pl.col("fold") == "one")
    other = {s.key: s.account_ids for s in training_sets(forward)}

    assert set_key("loco", "one", "two") == set_key("loco", "two", "one")
    assert only["loco-without-one+two"] == other["loco-without-one+two"]
    assert placed["loco-without-one+two"] == only["loco-without-one+two"]


def test_no_training_set_holds_what_its_key_leaves_out() -> None:
    labels = make_labels()
    block = dict(labels.select("account_id", "block").iter_rows())

    sets = training_sets(split(labels).table)

    assert len(sets) == len({s.key for s in sets}) == 1 + 10 + 10 + 3
    for training in sets:
        if training.key.startswith("loco-without-"):
            left_out = set(training.key.removeprefix("loco-without-").split("+"))
            assert not left_out & {block[account] for account in training.account_ids}


def test_temporal_units_are_the_operators_trained_on() -> None:
    folds = split(make_labels(), share=0.75)
    rows = folds.table.filter(protocol="temporal", side="train")

    assert set(rows["unit"]) == {"one", "two", "three"}
    assert set_key("temporal", "later", "one") == "temporal-without-later+one"


def with_panel() -> pl.DataFrame:
    """A fifth of the controls is of a look-alike slice."""
    chosen = (pl.col("label") == 0) & pl.col("account_id").str.ends_with("5")
    return make_labels().with_columns(
        slice=pl.when(chosen).then(pl.lit("fandom")).otherwise(pl.lit(None))
    )


def test_the_panel_is_scored_by_its_fold_and_trained_on_by_none() -> None:
    labels = with_panel()
    panel = set(labels.filter(pl.col("slice").is_not_null())["account_id"])
    folds = split(labels)

    for operator in ("one", "two", "three", "four"):
        own = set(labels.filter(block=operator)["account_id"])
        assert side(folds, "loco", operator, "panel") == own & panel != set()
        assert side(folds, "loco", operator, "test") == own - panel
    assert not set(folds.table.filter(side="train")["account_id"]) & panel
    assert all(not panel & set(s.account_ids) for s in training_sets(folds.table))


def test_a_panel_account_among_those_trained_on_is_noticed() -> None:
    labels = with_panel()
    folds = split(make_labels())

    with pytest.raises(InputError, match="never trained on"):
        check_folds(folds.table, labels)
