"""The same behaviour seen for 20, 50 or 200 posts gives the same mean values."""

from random import Random  # noqa: TID251 - seeded, its state is its own

import polars as pl
import pytest

from features.build import build_features
from features.catalogue import FEATURES
from features.feature import Feature
from tests.features.builders import (
    at,
    fails,
    fitted_tables,
    make_accounts,
    make_posts,
    planted,
)

GROUPS = {
    *("content", "wording", "copying", "style", "link", "tag", "language", "client"),
}
OF_WORDS = [f for f in FEATURES if f.group in GROUPS]
# Posts of an account, and accounts: enough of both for means without much noise.
SEEN = {20: 400, 50: 160, 200: 60}
# Of what ends at 1 (shares, chances), and relative to the value of the rest.
TOLERANCE = 0.03
TOLERANCE_OF_THE_REST = 0.05
# The largest of several counts is high by chance, the more so the fewer posts.
TOLERANCE_OF_LARGEST = 0.06

VOCABULARY = [f"w{i}" for i in range(120)]
WEIGHTS = [1 / (rank + 3) for rank in range(120)]
TEMPLATES = [
    f"Today in our shop: {ware} for {price} only, come and see!"
    for ware, price in (("tea", 3), ("rice", 5), ("salt", 2))
]


def one_post(random: Random) -> dict[str, object]:
    """A post of a shop that advertises, chats, links, tags and quotes."""
    kind = random.choices(["original", "reply", "repost"], [6, 2, 2])[0]
    words = random.choices(VOCABULARY, WEIGHTS, k=random.randint(3, 14))
    text = " ".join(words) if random.random() < 0.7 else random.choice(TEMPLATES)
    if random.random() < 0.3:
        text = text.capitalize() + random.choice([".", "!!", " 🌊", ' "so"', "\nx"])
    if random.random() < 0.1:
        text += " via @ann"
    if random.random() < 0.5:
        text += random.choice([" #tea", " #tea #rice", " #salt #a #b #c", " #d"])
    if random.random() < 0.6:
        host = random.choices(["bit.ly", "shop.org", "news.org", "b.org"], [1, 6, 2, 1])
        text += f" https://{host[0]}/{random.random()}"
    return {
        "kind": kind,
        "text": text,
        "client": random.choices(["web", "Buffer", "IFTTT", "mine"], [6, 2, 1, 1])[0],
        "language": random.choices(["en", "fr", "de"], [7, 2, 1])[0],
    }


def means(length: int, features: list[Feature]) -> dict[str, float]:
    posts = []
    for account in range(SEEN[length]):
        random = Random(f"{length} {account}")
        posts += [
            {**post, **one_post(random), "account_id": f"a/{account}"}
            for post in at(*range(0, length * 60, 60))
        ]
    accounts = make_accounts(*[{}] * SEEN[length])
    built = build_features(accounts, make_posts(posts), fitted_tables(), features)
    values = built.drop("account_id").cast(pl.Float64).mean().row(0, named=True)
    return {name: value for name, value in values.items() if value is not None}


@pytest.fixture(scope="module")
def seen() -> dict[int, dict[str, float]]:
    return {length: means(length, OF_WORDS) for length in SEEN}


def check(feature: Feature, seen: dict[int, dict[str, float]]) -> None:
    values = [found[feature.name] for found in seen.values() if feature.name in found]
    assert len(values) > 1, feature.name
    if "_top_" in feature.name:
        within = TOLERANCE_OF_LARGEST
    elif feature.range[1] == 1:
        within = TOLERANCE
    else:
        within = TOLERANCE_OF_THE_REST * max(abs(value) for value in values)
    assert max(values) - min(values) <= within, (feature.name, values)


@pytest.mark.parametrize("feature", OF_WORDS, ids=lambda f: f.name)
def test_means_do_not_count_posts(feature, seen):
    check(feature, seen)


@pytest.mark.parametrize(
    "formula",
    [
        # Different texts over posts, different words over words, most used of them.
        pl.col("text_key").n_unique() / pl.len(),
        pl.col("token_keys").explode().n_unique() / pl.col("token_count").sum(),
        pl.col("first_tag").drop_nulls().n_unique() / pl.len(),
    ],
)
def test_a_formula_that_counts_posts_is_caught(formula):
    counting = planted(formula, table="posts", family="content", range=(0, 1))
    found = {length: means(length, [counting]) for length in SEEN}

    assert fails(lambda: check(counting, found))
