"""Values taken away, against values built of accounts that never had them."""

import numpy as np
import polars as pl
import pytest

from features import schema
from features.artefacts import Artefacts
from features.build import build_counted
from features.catalogue import FEATURES
from models.evidence import STATES, evidence_states
from models.matrix import to_matrix
from models.withheld import WITHHELD, withhold
from tests.models.builders import make_accounts, make_posts

FAMILIES = np.array([feature.family for feature in FEATURES])


def built(with_posts: bool = True):
    """Matrix and posts of twelve accounts; the last one has no posts at all."""
    accounts = make_accounts(12)
    posts = make_posts(accounts).filter(pl.col("account_id") != "a/011")
    values, counts = build_counted(
        accounts, posts if with_posts else None, Artefacts.fit(accounts)
    )
    return to_matrix(values, FEATURES), counts.to_numpy()


def test_without_posts_an_account_has_the_values_of_one_that_has_none() -> None:
    left, inside = withhold("posts 0", *built())

    never, _ = built(with_posts=False)
    assert np.array_equal(left, never, equal_nan=True)
    assert not np.isnan(never).all()
    # The last had nothing to withhold.
    assert inside.tolist() == [True] * 11 + [False]


def test_without_times_an_account_has_the_values_of_one_whose_posts_have_none() -> None:
    accounts = make_accounts(12)
    posts = make_posts(accounts, each=40)
    fitted = Artefacts.fit(accounts)
    times = ("posted_at", "target_posted_at")
    none = posts.with_columns(pl.lit(None, posts.schema[c]).alias(c) for c in times)
    (values, counts), (never, _) = (
        build_counted(accounts, some, fitted) for some in (posts, none)
    )
    whole = to_matrix(values, FEATURES)

    left, inside = withhold("without times", whole, counts.to_numpy())

    assert inside.all()
    # A share among reposts is 0 without reposts, times or not: no value tells that.
    among = np.array([feature.among is not None for feature in FEATURES])
    timeless = to_matrix(never, FEATURES)
    assert np.array_equal(left[:, ~among], timeless[:, ~among], equal_nan=True)
    kept = ~np.isnan(left[:, among])
    assert np.array_equal(left[:, among][kept], timeless[:, among][kept])
    gone = np.isnan(left) & ~np.isnan(whole)
    # More than two families go, and not the posts.
    assert {"timing", "life cycle", "amplification"} <= set(FAMILIES[gone.any(axis=0)])
    assert not np.isnan(left[:, FAMILIES == "content"]).all(axis=1).any()


def test_texts_alone_have_the_values_of_an_archive_of_nothing_else() -> None:
    accounts = make_accounts(12)
    posts = make_posts(accounts, each=40)
    fitted = Artefacts.fit(accounts)
    values, counts = build_counted(accounts, posts, fitted)
    never, _ = build_counted(
        only(accounts, "accounts", "as_of"),
        only(posts, "posts", "text", "kind"),
        fitted,
    )
    whole, alone = to_matrix(values, FEATURES), to_matrix(never, FEATURES)
    n_posts = counts.to_numpy()

    left, inside = withhold("without profile and times", whole, n_posts)

    assert inside.all()
    kept = ~np.isnan(left)
    assert kept.any(axis=0).sum() > 20
    assert np.array_equal(left[kept], alone[kept])
    # What an archive of texts has besides: a share that is 0 where nobody is answered.
    more = (np.isnan(left) & ~np.isnan(alone)).any(axis=0)
    assert {FEATURES[place].group for place in np.flatnonzero(more)} <= {
        "source",
        "action",
    }
    shown = evidence_states(alone, n_posts).any(axis=0)
    named = {STATES[place] for place in np.flatnonzero(shown)}
    assert "without profile and times" in named
    # One state, and not the two that it is made of.
    assert not {"without profile", "without times"} & named


def only(frame: pl.DataFrame, table: str, *columns: str) -> pl.DataFrame:
    """The table as an archive gives it that has these columns alone."""
    return schema.conform(frame.select("account_id", *columns), table)


@pytest.mark.parametrize("state", WITHHELD[1:-2])
def test_a_family_goes_and_nothing_else_does(state: str) -> None:
    matrix, n_posts = built()
    gone = state.removeprefix("without ") == FAMILIES

    left, inside = withhold(state, matrix, n_posts)

    assert np.isnan(left[:, gone]).all()
    assert np.array_equal(left[:, ~gone], matrix[:, ~gone], equal_nan=True)
    place = STATES.index(state)
    before = evidence_states(matrix, n_posts)[:, place]
    after = evidence_states(left, n_posts)[:, place]
    assert (inside == (after & ~before)).all()
    # Without posts there is no family of posts to withhold; a profile there is.
    assert inside[-1] == (state == "without profile")


def test_accounts_without_a_profile_are_not_judged_by_withholding_it() -> None:
    matrix, n_posts = built()
    matrix[np.ix_([3, 5], FAMILIES == "profile")] = np.nan

    _, inside = withhold("without profile", matrix, n_posts)

    assert np.flatnonzero(~inside).tolist() == [3, 5]


def test_no_band_above_0_can_be_made() -> None:
    bands = [state for state in STATES if state.startswith("posts ")]

    assert set(STATES) - set(WITHHELD) == set(bands[1:])
