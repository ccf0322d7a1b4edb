"""Copies are found, and a split that does not know them leaks what it is tested on."""

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from features import schema
from features.errors import InputError
from models.split import check_folds, make_folds
from models.training_sets import training_sets
from pipeline.duplicates import DuplicateRules, find_duplicates
from tests.models.builders import make_accounts, make_labels

RULES = DuplicateRules(similarity=0.7, least_posts=5, least_bio=10, most_compared=20)
NOBODY = pl.DataFrame(schema={"account_id": pl.String, "shared_id": pl.String})


def people(count: int) -> pl.DataFrame:
    bios = [f"likes tea and number {n}" for n in range(count)]
    return make_accounts(count, name="Ann").with_columns(
        pl.Series("bio", bios), handle=pl.lit("ann") + pl.col("bio").str.slice(19)
    )


def posts_of(texts: dict[str, list[str]]) -> pl.DataFrame:
    rows = [
        {"account_id": account, "text": text, "kind": "original"}
        for account, given in texts.items()
        for text in given
    ]
    return schema.conform(pl.DataFrame(rows), "posts")


def words(generator: np.random.Generator, count: int) -> list[str]:
    return [f"a post about {n}" for n in generator.integers(0, 10**9, count)]


def groups(
    accounts: pl.DataFrame,
    posts: pl.DataFrame | None = None,
    same: pl.DataFrame = NOBODY,
    **rules: Any,
) -> list[list[str]]:
    table = schema.empty("posts") if posts is None else posts
    limits = RULES.model_copy(update=rules)
    found = find_duplicates(accounts, table.lazy(), same, limits).groups
    backwards = find_duplicates(accounts[::-1], table[::-1].lazy(), same, limits)
    assert backwards.groups.equals(found)
    return [
        sorted(rows["account_id"])
        for _, rows in found.group_by("duplicate_group", maintain_order=True)
    ]


def with_values(accounts: pl.DataFrame, place: int, **values: str) -> pl.DataFrame:
    hit = accounts["account_id"] == accounts["account_id"][place]
    return accounts.with_columns(
        pl.when(hit).then(pl.lit(value)).otherwise(name).alias(name)
        for name, value in values.items()
    )


def test_equal_profiles_are_copies_digits_of_the_handle_aside() -> None:
    accounts = people(4)
    copy = {"handle": "Ann_77", "name": " ANN", "bio": "LIKES  tea and number 0"}

    assert groups(with_values(accounts, 2, **copy)) == [["a/000", "a/002"]]
    assert groups(accounts) == []


@pytest.mark.parametrize(
    "other", [{"handle": "bob"}, {"name": "Bob"}, {"bio": "likes tea and number 9"}]
)
def test_profiles_that_differ_in_one_field_are_not(other: dict[str, str]) -> None:
    copy = {"handle": "ann1", "name": "Ann", "bio": "likes tea and number 0"}

    assert groups(with_values(people(3), 2, **copy)) != []
    assert groups(with_values(people(3), 2, **(copy | other))) == []


@pytest.mark.parametrize("field", ["handle", "name", "bio"])
@pytest.mark.parametrize("value", ["", None, "0123456789abcdef" * 4])
def test_what_is_empty_unknown_or_hashed_ties_nobody(field: str, value: Any) -> None:
    accounts = make_accounts(3, handle="ann", name="Ann", bio="likes tea a lot")
    alike = accounts.with_columns(pl.lit(value, dtype=pl.String).alias(field))

    assert groups(accounts) != []
    assert (groups(alike) != []) is (field == "bio" and bool(value))


def test_nearly_equal_sets_of_texts_are_copies() -> None:
    generator = np.random.default_rng(5)
    own = words(generator, 20)
    texts = {
        "a/000": own,
        # 18 of 22 texts are shared: 0.82.
        "a/001": [f"RT @x: {t} https://y.z" for t in own[:18]] + words(generator, 2),
        # 12 of 28: 0.43.
        "a/002": own[:12] + words(generator, 8),
        "a/003": words(generator, 20),
    }

    assert groups(people(4), posts_of(texts)) == [["a/000", "a/001"]]
    assert groups(people(4), posts_of(texts), similarity=0.9) == []


def test_few_or_short_texts_are_no_trace() -> None:
    few = posts_of({f"a/{n:03}": ["good morning to all"] for n in range(3)})
    short = posts_of({f"a/{n:03}": [f"hello {i}" for i in range(9)] for n in range(3)})

    assert groups(people(3), few) == []
    assert groups(people(3), few, least_posts=1) != []
    assert groups(people(3), short) == []


def test_copies_of_copies_and_equal_ids_are_one_group() -> None:
    generator = np.random.default_rng(6)
    own = words(generator, 12)
    posts = posts_of({"a/000": own, "a/001": own})
    same = pl.DataFrame(
        {"account_id": ["a/001", "a/002"], "shared_id": ["platform/7"] * 2}
    )

    assert groups(people(4), posts, same) == [["a/000", "a/001", "a/002"]]


def test_a_large_bucket_costs_no_pair_each() -> None:
    """Two thousand equal accounts: one group, and links in proportion to accounts."""
    own = [f"the same message, part {n}" for n in range(6)]
    count = 2_000
    accounts = pl.concat([make_accounts(1)] * count).with_columns(
        account_id=pl.format("a/{}", pl.int_range(count))
    )
    posts = posts_of({account: own for account in accounts["account_id"]})

    found = find_duplicates(accounts, posts.lazy(), NOBODY, RULES)

    assert found.groups["duplicate_group"].n_unique() == 1
    assert found.groups.height == count
    assert found.links["posts"] <= count * RULES.most_compared


def test_every_planted_copy_is_found_and_no_stranger() -> None:
    """300 pairs that share 9 texts of 11 (0.82), among 400 strangers."""
    generator = np.random.default_rng(7)
    texts = {}
    for n in range(300):
        own = words(generator, 10)
        texts[f"a/{2 * n:03}"] = own
        texts[f"a/{2 * n + 1:03}"] = [*own[:9], *words(generator, 1)]
    for n in range(600, 1_000):
        texts[f"a/{n:03}"] = words(generator, 10)
    expected = [[f"a/{2 * n:03}", f"a/{2 * n + 1:03}"] for n in range(300)]

    assert groups(people(1_000), posts_of(texts)) == expected


# What copies do to a split.


def copied() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Labels by coin in four blocks, and the groups of 100 accounts that stand in two.

    The later copy of an account was disclosed under another operator.
    """
    labels = make_labels(positives=50, controls=50)
    generator = np.random.default_rng(8)
    ids = generator.permutation(labels["account_id"].to_numpy())
    pairs = pl.DataFrame(
        {"account_id": ids[:200], "duplicate_group": np.repeat(ids[:100], 2)}
    ).with_columns(pl.col("account_id").min().over("duplicate_group").alias("first"))
    grouped = labels.drop("duplicate_group").join(
        pairs.select("account_id", duplicate_group="first"),
        on="account_id",
        how="left",
        maintain_order="left",
    )
    return labels, grouped.select(labels.columns)


def parted(folds: pl.DataFrame, grouped: pl.DataFrame) -> dict[str, int]:
    """Accounts tested by each protocol although a copy was trained on."""
    groups = grouped.select("account_id", "duplicate_group").drop_nulls()
    placed = folds.drop("duplicate_group").join(groups, on="account_id")
    both = placed.filter(
        pl.col("side").n_unique().over("protocol", "fold", "duplicate_group") > 1
    ).filter(side="test")
    counted = {protocol: 0 for protocol in ("loco", "temporal", "random")}
    return counted | dict(both.group_by("protocol").len().iter_rows())


def test_no_fold_parts_copies_and_one_that_does_not_know_them_does() -> None:
    labels, grouped = copied()

    unaware = make_folds(labels, 4, 0.5, 0).table
    aware = make_folds(grouped, 4, 0.5, 0).table

    assert min(parted(unaware, grouped).values()) > 20
    assert parted(aware, grouped) == {"loco": 0, "temporal": 0, "random": 0}
    with pytest.raises(InputError, match="or their copies stand twice"):
        check_folds(unaware, grouped)


def test_no_inner_set_holds_a_copy_of_what_it_leaves_out() -> None:
    labels, grouped = copied()
    groups = dict(grouped.select("account_id", "duplicate_group").iter_rows())
    block = dict(grouped.select("account_id", "block").iter_rows())

    def leaks(folds: pl.DataFrame) -> int:
        found = 0
        for training in training_sets(folds):
            left_out = set(training.key.rpartition("without-")[2].split("+"))
            hidden = {g for a, g in groups.items() if block[a] in left_out} - {None}
            found += sum(groups[a] in hidden for a in training.account_ids)
        return found

    assert leaks(make_folds(grouped, 4, 0.5, 0).table.filter(protocol="loco")) == 0
    assert leaks(make_folds(labels, 4, 0.5, 0).table.filter(protocol="loco")) > 100


def auc_of_copies(folds: pl.DataFrame, grouped: pl.DataFrame) -> float:
    """Out-of-fold AUC of a tree on accounts with copies; labels are by coin.

    Copies have the same three random values and the same label.
    """
    key = pl.coalesce("duplicate_group", "account_id")
    people = grouped.select(key.unique().sort().alias("person"))
    generator = np.random.default_rng(9)
    drawn = people.with_columns(
        *(pl.Series(f"x{n}", generator.normal(size=people.height)) for n in range(3)),
        coin=pl.Series(generator.integers(0, 2, people.height)),
    )
    known = grouped.select("account_id", person=key).join(drawn, on="person")
    rows = folds.filter(protocol="random").join(known, on="account_id")
    copies = grouped.drop_nulls("duplicate_group")["account_id"].implode()
    tested = []
    for _, fold in rows.sort("account_id").group_by("fold", maintain_order=True):
        train = fold.filter(side="train")
        test = fold.filter(pl.col("account_id").is_in(copies), side="test")
        tree = DecisionTreeClassifier(random_state=0)
        tree.fit(train["x0", "x1", "x2"].to_numpy(), train["coin"].to_numpy())
        scores = tree.predict_proba(test["x0", "x1", "x2"].to_numpy())[:, 1]
        tested.append(test.select("coin", score=pl.Series(scores)))
    judged = pl.concat(tested)
    return float(roc_auc_score(judged["coin"], judged["score"]))


def test_a_copy_on_the_other_side_gives_its_label_away() -> None:
    labels, grouped = copied()

    unaware = auc_of_copies(make_folds(labels, 4, 0.5, 0).table, grouped)
    aware = auc_of_copies(make_folds(grouped, 4, 0.5, 0).table, grouped)

    assert unaware > 0.8
    # 100 groups: four standard deviations of an AUC without knowledge.
    assert abs(aware - 0.5) < 4 * (101 / (12 * 50 * 50)) ** 0.5


def test_draws_of_the_temporal_fold_are_alike_for_copies() -> None:
    """Controls of an operator disclosed before and after: shared out copy by copy."""
    labels = make_labels(positives=40, controls=400)
    controls = labels.filter(block="four", label=0)["account_id"]
    pairs = dict(zip(controls, np.repeat(controls[::2].to_numpy(), 2), strict=True))
    half = labels.filter(block="four", label=1)["account_id"][:20].implode()
    early = pl.col("account_id").is_in(half)
    later = labels.with_columns(
        pl.when(early).then(pl.lit("b")).otherwise("campaign").alias("campaign"),
        pl.when(early)
        .then(pl.col("disclosed_at") - timedelta(days=900))
        .otherwise("disclosed_at")
        .alias("disclosed_at"),
        duplicate_group=pl.col("account_id").replace_strict(pairs, default=None),
    )

    folds = make_folds(later.select(labels.columns), 4, 0.6, 0).table
    rows = folds.filter(pl.col("account_id").is_in(controls.implode()))
    sides = rows.filter(protocol="temporal").group_by("duplicate_group").agg("side")

    # None dropped, none parted.
    assert set(sides["side"].list.len()) == {2}
    assert set(sides["side"].list.n_unique()) == {1}
