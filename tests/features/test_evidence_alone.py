"""Evidence is of one account: of hostile tables too, in any company and any order."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
from hypothesis import HealthCheck, given, settings

from features.build import explain_missing
from features.catalogue import FEATURES, feature
from features.evidence import show_for_each
from features.feature import Feature
from features.missing import of_posts
from tests.features.builders import (
    LAST,
    START,
    Post,
    at,
    fails,
    fitted_tables,
    make_account,
    make_accounts,
    make_posts,
    named,
    plain,
)
from tests.features.nasty import tables

TABLES = fitted_tables()
SHOWN = [f for f in FEATURES if f.evidence is not None]


def check_alone(
    accounts: pl.DataFrame, posts: pl.DataFrame, features: Sequence[Feature] = SHOWN
) -> None:
    """In the batch the same posts as of each account alone, its rows mixed."""
    together = list(show_for_each(accounts, posts, features, TABLES))
    for name in accounts["account_id"]:
        own = pl.col("account_id") == name
        alone = show_for_each(
            accounts.filter(own),
            posts.filter(own).sample(fraction=1, shuffle=True, seed=0),
            features,
            TABLES,
        )
        for measure, batch, single in zip(features, together, alone, strict=True):
            assert batch.filter(own).equals(single), measure.name


@settings(
    max_examples=8,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(tables())
def test_company_and_order_change_no_evidence(given_tables):
    check_alone(*given_tables)


def test_evidence_that_reads_the_company_is_caught():
    """The twin: posts of the first account of the table."""
    accounts = make_accounts({}, {})
    posts = make_posts([{"account_id": f"a/{i}", "text": "x"} for i in (0, 1)])
    first = replace(SHOWN[0], evidence=pl.col("account") == 0)

    assert fails(lambda: check_alone(accounts, posts, [first]))
    check_alone(accounts, posts)


def check_silent(posts: Sequence[Post], features: Sequence[Feature]) -> None:
    """No post shows what posts do not tell."""
    table = make_posts(named(posts))
    accounts = make_account(
        as_of=LAST, created_at=START, declared_language="en", history_complete=True
    )
    why = explain_missing(accounts, table, TABLES, features)
    untold = [f for f in features if why[f.name][0] == "field_absent"]
    shown = list(show_for_each(accounts, table, untold, TABLES))

    assert untold
    found = {f.name: s.height for f, s in zip(untold, shown, strict=True) if s.height}
    assert found == {}


def test_what_is_not_told_is_not_shown():
    # The sides of a break are those of the times, whatever is compared on them.
    of_own = [f for f in SHOWN if of_posts(f) and f.group != "change"]

    check_silent(plain(60), of_own)
    check_silent(at(*range(0, 60_000, 1_000)), of_own)
    check_silent(plain(60, text="Some words, and 1 more", kind="reply"), of_own)


def test_evidence_of_the_unknown_is_caught():
    """The twin: all posts but those of the usual client, though none is known."""
    wrong = replace(
        feature("client_mix_share"), evidence=pl.col("client").ne_missing("web")
    )

    assert fails(lambda: check_silent(plain(60), [wrong]))
