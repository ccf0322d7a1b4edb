"""What only one class has tells the classes apart before masking, and not after it.

Labels are random: nothing but the planted difference can be learnt.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from features import schema
from features.build import build_features
from features.catalogue import FEATURES
from models.audit import mask_only_auc, separability
from models.matrix import to_matrix
from pipeline.featurize import STATIC
from pipeline.gaps import even_missingness
from pipeline.masking import MASKS, EqualiseRules, apply_masks, observe, plan_masks
from tests.models.builders import make_accounts, make_labels

ALL = EqualiseRules(
    columns=True, windows=True, counts=True, kept_posts="spread", count_moments="mask"
)
LATEST = ALL.model_copy(update={"windows": False, "kept_posts": "latest"})
SEEN = tuple(f for f in FEATURES if f in STATIC)


def world(each: int = 150) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Accounts and posts that are alike in both classes of one block, and labels."""
    labels = make_labels(("one",), positives=each, controls=2 * each)
    generator = np.random.default_rng(4)
    accounts = make_accounts(labels.height, posts_total=50).with_columns(
        labels["account_id"],
        # By chance: the builder's own values follow the order of rows, and so labels.
        followers=pl.Series(generator.integers(0, 500, labels.height)),
        following=pl.Series(generator.integers(0, 500, labels.height)),
        created_at=pl.lit(datetime(2015, 5, 1, tzinfo=UTC)).cast(schema.TIME),
        handle=pl.lit("someone"),
        bio=pl.lit("hello"),
        declared_language=pl.lit("en"),
        location=pl.lit("here"),
        history_complete=pl.lit(True),
    )
    # The same numbers of posts in both classes, controls twice as many: labels are
    # sorted by id, controls first.
    drawn = generator.integers(1, 40, each)
    counts = np.concatenate([np.repeat(drawn, 2), drawn])
    ids = np.repeat(labels["account_id"].to_numpy(), counts)
    minutes = generator.integers(0, 200_000, len(ids))
    posts = pl.DataFrame(
        {
            "account_id": ids,
            "posted_at": pl.Series(minutes).cast(pl.Int64) * 60_000 + 1_600_000_000_000,
            "text": [f"word{m:06} and more" for m in minutes],
            "kind": np.where(minutes % 3 == 0, "repost", "original"),
            "client": np.where(minutes % 2 == 0, "web", "phone"),
            "language": "en",
            "target_account_id": "x",
        }
    )
    moments = pl.from_epoch("posted_at", time_unit="ms").dt.replace_time_zone("UTC")
    typed = posts.with_columns(moments.cast(schema.TIME))
    return (
        schema.conform(accounts, "accounts"),
        schema.conform(typed, "posts"),
        labels,
    )


def masks_of(
    accounts: pl.DataFrame,
    posts: pl.DataFrame,
    labels: pl.DataFrame,
    rules: EqualiseRules = ALL,
    moments: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    seen = observe(accounts, posts.lazy())
    return plan_masks(seen, posts.lazy(), labels, rules, moments or {})


def leak(accounts, posts, labels, masked: bool) -> tuple[float, float]:
    """AUC of the missing-mask alone, and of all values."""
    if masked:
        masks = masks_of(accounts, posts, labels)
        accounts, posts = apply_masks(accounts, posts, masks)
    values = build_features(accounts, posts, None, SEEN)
    counts = posts.group_by("account_id").agg(pl.len().alias("n_posts"))
    values = values.join(counts, on="account_id", how="left", maintain_order="left")
    values = values.with_columns(pl.col("n_posts").fill_null(0))
    if masked:
        values = even_missingness(values, labels, SEEN).values
    truth = labels["label"].to_numpy()
    matrix = to_matrix(values, SEEN)
    mask, full = mask_only_auc(matrix, truth, 1, 8.0), separability(matrix, truth, 1)
    assert mask is not None
    assert full is not None
    return mask, full


def positives(labels: pl.DataFrame) -> pl.Expr:
    return pl.col("account_id").is_in(labels.filter(label=1)["account_id"].implode())


@pytest.mark.parametrize("column", ["created_at", "followers", "bio"])
def test_an_account_column_that_one_class_lacks(column: str) -> None:
    accounts, posts, labels = world()
    hidden = pl.when(~positives(labels)).then(pl.col(column))
    accounts = accounts.with_columns(hidden.alias(column))

    before = leak(accounts, posts, labels, masked=False)
    after = leak(accounts, posts, labels, masked=True)

    assert max(before) > 0.95
    assert 0.45 <= after[0] <= 0.55
    assert after[1] < 0.6


def test_an_account_column_that_one_class_lacks_in_part() -> None:
    accounts, posts, labels = world()
    some = pl.int_range(pl.len()) % 10 < 7
    hidden = pl.when(~(positives(labels) & some)).then(pl.col("created_at"))
    accounts = accounts.with_columns(created_at=hidden)

    before = leak(accounts, posts, labels, masked=False)
    after = leak(accounts, posts, labels, masked=True)

    assert before[0] > 0.75
    assert 0.45 <= after[0] <= 0.55


@pytest.mark.parametrize("column", ["client", "posted_at", "text"])
def test_a_post_column_that_one_class_lacks(column: str) -> None:
    accounts, posts, labels = world()
    hidden = pl.when(~positives(labels)).then(pl.col(column))
    posts = posts.with_columns(hidden.alias(column))

    before = leak(accounts, posts, labels, masked=False)
    after = leak(accounts, posts, labels, masked=True)

    assert max(before) > 0.95
    assert 0.45 <= after[0] <= 0.55
    assert after[1] < 0.62


def test_a_history_cap_in_one_class() -> None:
    accounts, posts, labels = world()
    latest = pl.col("posted_at").rank("ordinal", descending=True).over("account_id")
    posts = posts.filter(~positives(labels) | (latest <= 5))

    before = leak(accounts, posts, labels, masked=False)
    after = leak(accounts, posts, labels, masked=True)

    assert max(before) > 0.85
    assert 0.45 <= after[0] <= 0.55
    assert after[1] < 0.62


def test_a_history_that_was_cut_is_whole_no_more_and_that_tells_no_class() -> None:
    accounts, posts, labels = world()
    # Of one class the latest fifteen posts, as if that were all there ever was.
    latest = pl.col("posted_at").rank("ordinal", descending=True).over("account_id")
    posts = posts.filter(~positives(labels) | (latest <= 15))
    had = observe(accounts, posts.lazy()).select("account_id", "n_posts")

    masks = masks_of(accounts, posts, labels, LATEST)

    found = masks.join(had, on="account_id").join(
        labels.select("account_id", "label"), on="account_id"
    )
    whole = ~pl.col("masked_accounts").list.contains(pl.lit("history_complete"))
    found = found.with_columns(whole.alias("whole"))
    cut = found.filter(pl.col("posts_kept") < pl.col("n_posts"))
    assert cut.height > 50
    assert not cut["whole"].any()
    # Nearly all of the longest ones of one class were cut: as few are whole in either.
    for histories, low, high in (
        (pl.col("posts_kept") == 15, 0, 0.2),
        (pl.col("posts_kept") < 10, 0.9, 1),
    ):
        by_class = found.filter(histories).group_by("label").agg(pl.col("whole").mean())
        assert by_class["label"].n_unique() == 2
        assert by_class["whole"].is_between(low, high).all()
    told = found.select(pl.col("whole", "posts_kept").cast(pl.Float32)).to_numpy()
    told_by_both = separability(told, found["label"].to_numpy(), 1, 8.0)
    assert told_by_both is not None
    assert told_by_both < 0.55


def test_nothing_is_masked_where_the_classes_are_alike() -> None:
    accounts, posts, labels = world()

    masks = masks_of(accounts, posts, labels, LATEST)

    assert masks["masked_accounts"].list.len().sum() == 0
    assert list(masks.schema) == list(MASKS)


def test_counts_of_posts_are_alike_afterwards() -> None:
    accounts, posts, labels = world()
    posts = posts.filter(~positives(labels) | (pl.int_range(pl.len()) % 4 == 0))
    masks = masks_of(accounts, posts, labels)

    kept = masks.join(labels.select("account_id", "label"), on="account_id")

    steps = [0.1, 0.25, 0.5, 0.75, 0.9]
    one, other = (
        [kept.filter(label=label)["posts_kept"].quantile(q) for q in steps]
        for label in (1, 0)
    )
    assert one == pytest.approx(other, abs=1)
    had = observe(accounts, posts.lazy()).select("account_id", "n_posts")
    joined = masks.join(had, on="account_id")
    assert (joined["posts_kept"] <= joined["n_posts"]).all()


def first_and_last(posts: pl.DataFrame) -> pl.DataFrame:
    times = pl.col("posted_at").dt.truncate("1m")
    by_account = posts.group_by("account_id").agg(
        times.min().alias("first"), times.max().alias("last")
    )
    return by_account.sort("account_id")


def test_without_windows_the_latest_posts_are_kept() -> None:
    accounts, posts, labels = world(20)
    masks = masks_of(accounts, posts, labels, LATEST).with_columns(
        posts_kept=pl.lit(2, pl.Int64)
    )

    _, kept = apply_masks(accounts, posts, masks)

    assert set(masks["posts_from"]) == {None}
    assert kept.group_by("account_id").len()["len"].max() == 2
    recent = posts.sort("posted_at").group_by("account_id").tail(2)
    assert first_and_last(kept).equals(first_and_last(recent))


def test_thinned_histories_keep_their_last_post_and_most_of_their_span() -> None:
    accounts, posts, labels = world(20)
    whole = masks_of(accounts, posts, labels).with_columns(
        posts_from=pl.lit(None, schema.TIME)
    )
    many = whole.filter(pl.col("posts_kept") >= 20).with_columns(
        posts_kept=pl.lit(8, pl.Int64)
    )

    _, kept = apply_masks(accounts, posts, many)

    had = posts.filter(pl.col("account_id").is_in(many["account_id"].implode()))
    before, after = first_and_last(had), first_and_last(kept)
    assert after["last"].equals(before["last"])
    assert set(kept.group_by("account_id").len()["len"]) == {8}
    spans = [
        (f["last"] - f["first"]).dt.total_minutes().mean() for f in (after, before)
    ]
    # Eight draws span 7/9 of what they are drawn from, give or take.
    assert 0.6 < spans[0] / spans[1] < 0.95  # type: ignore[operator]


def test_windows_are_alike_afterwards() -> None:
    accounts, posts, labels = world()
    # Volumes differ, windows do not: cutting the early posts of one class makes them.
    posts = posts.filter(~positives(labels) | (pl.int_range(pl.len()) % 4 == 0))

    def middle(masks: pl.DataFrame) -> list[float]:
        _, kept = apply_masks(accounts, posts, masks)
        ends = first_and_last(kept).join(labels, on="account_id")
        days = ends.with_columns((pl.col("last") - pl.col("first")).dt.total_hours())
        return [days.filter(label=label)["last"].median() for label in (1, 0)]  # type: ignore[misc]

    one, other = middle(masks_of(accounts, posts, labels))
    sampled, whole = middle(masks_of(accounts, posts, labels, LATEST))

    assert one == pytest.approx(other, rel=0.1)
    assert sampled > 1.5 * whole


def test_undated_posts_have_no_window_and_stay() -> None:
    accounts, posts, labels = world(40)
    undated = posts.with_columns(posted_at=pl.lit(None, schema.TIME))

    masks = masks_of(accounts, undated, labels)
    _, kept = apply_masks(accounts, undated, masks)

    assert set(masks["posts_from"]) == {None}
    # The same numbers in both classes, so nothing has to be cut.
    assert kept.height == posts.height


def test_rows_in_another_order_get_the_same_masks() -> None:
    accounts, posts, labels = world(40)
    masks = masks_of(accounts, posts, labels)

    shuffled = masks_of(
        accounts[::-1],
        posts[::-1],
        labels.sample(fraction=1, shuffle=True, seed=1),
    )

    assert shuffled.equals(masks)


def test_posts_at_or_after_as_of_are_not_counted() -> None:
    accounts, posts, _ = world(20)
    early = accounts.with_columns(
        as_of=pl.lit(posts["posted_at"].min()).cast(schema.TIME)
    )

    assert observe(early, posts.lazy())["n_posts"].sum() == 0
    assert observe(accounts, posts.lazy())["n_posts"].sum() == posts.height
