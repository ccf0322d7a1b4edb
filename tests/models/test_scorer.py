from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from features import schema
from features.catalogue import FEATURES
from features.errors import InputError
from models.bundle import Bundle
from models.calibrator import logit
from models.scorer import Scores, as_table, score
from tests.models.builders import make_accounts, make_posts


def same(batch: Scores, row: int, single: Scores) -> bool:
    """Whether an account of a batch has the same bits as alone."""
    one, other = batch.explanation, single.explanation
    return bool(
        batch.probabilities[row] == single.probabilities[0]
        and batch.abstained[row] == single.abstained[0]
        and np.array_equal(batch.intervals[row], single.intervals[0])
        and one.logits[row] == other.logits[0]
        and one.base[row] == other.base[0]
        and np.array_equal(one.contributions[row], other.contributions[0])
        and batch.values[row].equals(single.values)
    )


@pytest.mark.parametrize("withheld", [{}, {"posts 0": 0.61, "without times": 0.57}])
def test_a_batch_is_its_accounts_one_by_one_bit_for_bit(
    small_bundle: Bundle, withheld: dict[str, float]
) -> None:
    pulled = replace(small_bundle.intervals, withheld=withheld)
    bundle = replace(small_bundle, intervals=pulled)
    accounts = make_accounts(25)
    # Some have none, and some none with a time.
    posts = make_posts(accounts).filter(pl.col("account_id") < "a/020")
    dated = pl.col("account_id") < "a/010"
    posts = posts.with_columns(pl.when(dated).then("posted_at").alias("posted_at"))
    together = score(bundle, accounts, posts)

    for row in range(accounts.height):
        own = posts.filter(account_id=accounts["account_id"][row])
        alone = score(bundle, accounts[row : row + 1], own)

        assert same(together, row, alone)
    assert len(set(together.probabilities)) > 1
    assert len(set(together.explanation.base)) == 1 + len(withheld)


def test_a_score_that_depends_on_the_batch_would_be_found(
    small_bundle: Bundle,
) -> None:
    accounts = make_accounts(3)
    posts = make_posts(accounts)
    together = score(small_bundle, accounts, posts)

    without_posts = score(small_bundle, accounts[:1], None)

    assert not same(together, 0, without_posts)


def test_order_of_accounts_is_kept(small_bundle: Bundle) -> None:
    accounts = make_accounts(9)
    posts = make_posts(accounts)

    backwards = score(small_bundle, accounts[::-1], posts)

    forwards = score(small_bundle, accounts, posts)
    assert np.array_equal(backwards.probabilities[::-1], forwards.probabilities)
    assert (
        backwards.values["account_id"].to_list()
        == accounts["account_id"][::-1].to_list()
    )


def test_the_prevalence_is_the_default_unless_given(small_bundle: Bundle) -> None:
    accounts = make_accounts(4)

    default, given = (score(small_bundle, accounts, None, p) for p in (None, 0.3))

    assert default.prevalence == 0.05
    moved = given.explanation.logits - default.explanation.logits
    np.testing.assert_allclose(moved, float(logit(0.3) - logit(0.05)), atol=1e-12)


@pytest.mark.parametrize("prevalence", [0.0, 1.0, -0.1, float("nan"), float("inf")])
def test_a_prevalence_outside_is_refused(
    prevalence: float, small_bundle: Bundle
) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        score(small_bundle, make_accounts(1), None, prevalence)


def nameless(**overrides: Any) -> pl.DataFrame:
    nothing = dict.fromkeys(set(schema.ACCOUNTS) - {"account_id", "as_of"})
    return make_accounts(1, **nothing, **overrides)


def test_an_account_of_which_nothing_is_known_is_abstained(
    small_bundle: Bundle,
) -> None:
    accounts = pl.concat(
        [
            nameless().with_columns(handle=pl.lit("name_only")),
            make_accounts(2)[1:],
        ]
    )
    scores = score(small_bundle, accounts, None)

    table = as_table(scores, accounts["as_of"])

    assert scores.abstained.tolist() == ["no_evidence", ""]
    first, second = table.rows(named=True)
    assert (first["outcome"], first["reason"]) == ("abstained", "no_evidence")
    for name in ("bot_probability", "base", "prevalence_shift", "interval_low"):
        assert first[name] is None
    assert first[f"contribution_{FEATURES[0].name}"] is None
    assert (second["outcome"], second["reason"]) == ("scored", None)
    assert 0 < second["bot_probability"] < 1


def test_evidence_that_nobody_judged_gives_no_number(small_bundle: Bundle) -> None:
    accounts = make_accounts(3)
    posts = make_posts(accounts).filter(pl.col("account_id") != "a/001")
    strict = replace(small_bundle.abstention, least_operators=1)
    known = {**small_bundle.intervals.operators, "posts 0": 0}
    judged = replace(small_bundle, abstention=strict)
    unjudged = replace(
        judged, intervals=replace(small_bundle.intervals, operators=known)
    )

    scores = score(unjudged, accounts, posts)

    assert scores.abstained.tolist() == ["", "unjudged_evidence", ""]
    table = as_table(scores, accounts["as_of"])
    assert table["bot_probability"].is_null().to_list() == [False, True, False]
    # The twin: where operators left out showed a profile alone, it is scored.
    assert score(judged, accounts, posts).abstained.tolist() == ["", "", ""]


def test_columns_of_the_table_are_those_of_the_contract(small_bundle: Bundle) -> None:
    accounts = make_accounts(2)
    table = as_table(score(small_bundle, accounts, None), accounts["as_of"])

    assert table.columns == [
        *("account_id", "as_of", "outcome", "reason", "bot_probability"),
        *("interval_low", "interval_high", "prevalence", "base", "prevalence_shift"),
        *(f"contribution_{f.name}" for f in FEATURES),
    ]


def test_the_written_columns_add_up(small_bundle: Bundle) -> None:
    accounts = make_accounts(20)
    table = as_table(
        score(small_bundle, accounts, make_posts(accounts), 0.2), accounts["as_of"]
    )

    total = table.select(
        pl.sum_horizontal("base", "prevalence_shift", "^contribution_.*$")
    ).to_series()

    found = logit(table["bot_probability"].to_numpy())
    np.testing.assert_allclose(total.to_numpy(), found, atol=1e-6)


def test_reasons_and_threads_change_no_bit(small_bundle: Bundle) -> None:
    accounts = make_accounts(8)
    posts = make_posts(accounts)

    plain = score(small_bundle, accounts, posts)
    told = score(small_bundle, accounts, posts, with_reasons=True, threads=1)

    assert plain.reasons is None
    assert told.reasons is not None
    assert told.values.equals(plain.values)
    assert np.array_equal(
        told.explanation.contributions, plain.explanation.contributions
    )
    assert np.array_equal(told.probabilities, plain.probabilities)
    for feature in FEATURES:
        absent = told.values[feature.name].is_null()
        assert told.reasons[feature.name].is_not_null().equals(absent)
