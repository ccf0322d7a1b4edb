from math import exp, log, sqrt
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.language import language_block


def make_tested(**languages: tuple[int, int]) -> pl.DataFrame:
    """Controls of a fold by language: how many, and how many of them score high."""
    rows: list[Any] = [
        ("one", 0, 1e6 + n if n < high else float(-n), name)
        for name, (count, high) in languages.items()
        for n in range(count)
    ]
    rows += [("one", 1, 2e6, "takedown")] * 10
    return pl.DataFrame(
        rows, ["fold", "label", "logit", "language"], orient="row"
    ).with_columns(
        pl.when(pl.col("language") != "unknown").then("language").alias("language")
    )


def test_ratio_and_bound_by_hand() -> None:
    row = language_block(make_tested(xx=(500, 80), yy=(500, 20)), 300, 0.95)["fpr_0.1"]

    ratio = (80.5 / 500.5) / (20.5 / 500.5)
    spread = sqrt(1 / 80.5 + 1 / 20.5 - 2 / 500.5)
    assert row["ratio"] == pytest.approx(ratio, abs=1e-6)
    assert row["low"] == pytest.approx(exp(log(ratio) - 1.959964 * spread), abs=1e-5)
    assert (row["most"], row["least"]) == ("xx", "yy")
    assert row["languages"]["xx"] == {"controls": 500, "flagged": 80, "fpr": 0.16}


def test_the_highest_ratio_and_the_highest_bound_may_be_of_other_pairs() -> None:
    tested = make_tested(xx=(4000, 495), yy=(4000, 314), zz=(300, 21))

    row = language_block(tested, 300, 0.95)["fpr_0.1"]

    assert (row["highest"], row["lowest"]) == ("xx", "zz")
    assert row["ratio"] == pytest.approx((495.5 / 4000.5) / (21.5 / 300.5), abs=1e-6)
    assert (row["most"], row["least"]) == ("xx", "yy")
    assert row["low"] < (495.5 / 314.5)


def test_small_languages_are_pooled_and_named() -> None:
    tested = make_tested(xx=(400, 40), yy=(200, 20), zz=(200, 20))

    block = language_block(tested, 300, 0.95)

    assert block["pooled_as_others"] == ["yy", "zz"]
    assert set(block["fpr_0.1"]["languages"]) == {"xx", "others"}
    assert block["fpr_0.1"]["ratio"] == pytest.approx(1, abs=0.01)


def test_what_is_not_told_is_no_language() -> None:
    block = language_block(make_tested(xx=(400, 60), unknown=(400, 20)), 300, 0.95)

    row = block["fpr_0.1"]
    assert row["ratio"] is None
    assert row["reason"] == "fewer than two known languages have 300 controls"
    assert row["languages"]["unknown"]["controls"] == 400


def test_too_few_controls_set_no_threshold() -> None:
    block = language_block(make_tested(xx=(100, 10), yy=(100, 10)), 30, 0.95)

    assert block["fpr_0.01"]["reason"] == "no fold has 300 controls"
    assert block["fpr_0.1"]["ratio"] is not None
    assert (block["fpr_0.01"]["folds"], block["fpr_0.01"]["of"]) == (0, 1)


@pytest.mark.parametrize("second", ["xx", "zz"])
def test_folds_without_a_threshold_are_counted(second: str) -> None:
    few = make_tested(**{second: (20, 2)}).with_columns(fold=pl.lit("two"))
    tested = pl.concat([make_tested(xx=(400, 40), yy=(400, 40)), few])

    row = language_block(tested, 300, 0.95)["fpr_0.1"]

    assert row["ratio"] is not None
    assert (row["folds"], row["of"]) == (1, 2)


def test_equal_languages_hardly_ever_fail_and_a_doubled_rate_nearly_always() -> None:
    generator = np.random.default_rng(1)

    def bounds(rate: float) -> list[float]:
        found = []
        for _ in range(40):
            languages = {
                name: (1400, int(generator.binomial(1400, share)))
                for name, share in (("a", 0.1), ("b", 0.1), ("c", 0.1), ("d", rate))
            }
            block = language_block(make_tested(**languages), 300, 0.95)
            found.append(block["fpr_0.1"]["low"])
        return found

    assert sum(low > 1.25 for low in bounds(0.1)) <= 2
    assert sum(low > 1.25 for low in bounds(0.2)) >= 36
