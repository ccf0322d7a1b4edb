"""Tables that hypothesis makes up: small, and as unfriendly as the schema allows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from features.schema import KINDS
from tests.features.builders import AS_OF, make_accounts, make_posts

MOMENTS = st.one_of(
    st.sampled_from(
        [
            None,
            datetime(1, 1, 1, tzinfo=UTC),
            AS_OF - timedelta(minutes=1),
            AS_OF - timedelta(seconds=1),
            AS_OF,
            AS_OF + timedelta(seconds=1),
            datetime(9999, 12, 31, tzinfo=UTC),
        ]
    ),
    st.integers(0, 500_000).map(lambda minutes: AS_OF - timedelta(minutes=minutes)),
)
TEXTS = st.one_of(
    st.sampled_from(
        [
            None,
            "",
            " ",
            "\u0301",
            "e\u0301" * 3,
            "\ufffd&amp;lt;",
            "RT @ann:",
            "RT @ann: vote",
            "12 34",
            "ÄÖ!? #a #b @c https://d.e",
            "١٢٣ 👩‍👩‍👧",
            "x" * 5_000,
            "\u202e\x00\x1b[31m",
            "' OR 1=1; --",
            "0123456789abcdef" * 4,
        ]
    ),
    st.text(st.characters(codec="utf-8"), max_size=12),
)
COUNTS = st.sampled_from([None, 0, 1, 7, 2**53, 2**63 - 1])
NAMES = st.sampled_from([None, "", "x", "y"])
LISTS = st.sampled_from([None, [], ["a"], ["a", "#B", "c"], [""]])
LANGUAGES = st.sampled_from([None, "", "und", "en", "fr-FR"])

_POST = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "posted_at": MOMENTS,
        "text": TEXTS,
        "language": LANGUAGES,
        "client": NAMES,
        "target_account_id": NAMES,
        "target_posted_at": MOMENTS,
        "hashtags": LISTS,
        "mentions": LISTS,
        "links": LISTS,
        "likes": COUNTS,
        "reposts": COUNTS,
    }
)
_ACCOUNT = st.fixed_dictionaries(
    {
        "as_of": st.sampled_from([AS_OF, datetime(9999, 12, 31, tzinfo=UTC)]),
        "created_at": MOMENTS,
        "handle": TEXTS,
        "name": TEXTS,
        "bio": TEXTS,
        "location": TEXTS,
        "url": TEXTS,
        "declared_language": LANGUAGES,
        "followers": COUNTS,
        "following": COUNTS,
        "posts_total": COUNTS,
        "likes_total": COUNTS,
        "listed": COUNTS,
        "default_image": st.sampled_from([None, True, False]),
        "history_complete": st.sampled_from([None, True, False]),
    }
)


def _series(post: dict[str, Any], times: int, step: int) -> list[dict[str, Any]]:
    """The post again and again, so many minutes apart and never past the calendar."""
    first = post["posted_at"]
    if first is None or first.year == 9999:
        return [post] * times
    return [
        {**post, "posted_at": first + timedelta(minutes=step * index)}
        for index in range(times)
    ]


# A history: few posts or many, evenly spaced, all in one minute, without times.
_HISTORY = st.lists(
    st.builds(
        _series,
        _POST,
        st.sampled_from([1, 1, 2, 5, 20, 60]),
        st.sampled_from([0, 1, 5, 60, 1440]),
    ),
    max_size=4,
).map(lambda series: [post for one in series for post in one])


@st.composite
def tables(draw: st.DrawFn) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One to three accounts, and their posts."""
    accounts = draw(st.lists(_ACCOUNT, min_size=1, max_size=3))
    posts = [
        {**post, "account_id": f"a/{index}"}
        for index in range(len(accounts))
        for post in draw(_HISTORY)
    ]
    return make_accounts(*accounts), make_posts(posts)
