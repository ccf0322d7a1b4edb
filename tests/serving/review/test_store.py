import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.post_files import write_posts
from serving.model import ServedModel, answer
from serving.review.store import (
    Files,
    StoreError,
    account_key,
    names_of,
    queue,
    stored_item,
)
from tests.serving.review.builders import parsed, some_items, write_queue

ITEMS = some_items()


@pytest.fixture
def files(tmp_path: Path, model: ServedModel) -> Files:
    write_queue(tmp_path, model.bundle, ITEMS)
    return Files(*(tmp_path / f"{n}.parquet" for n in ("scores", "accounts", "posts")))


def rows(files: Files) -> list[dict[str, Any]]:
    assert files.scores is not None
    return queue(files.scores).to_dicts()


def test_the_queue_is_sorted_and_ends_with_those_without_a_score(files: Files) -> None:
    found = rows(files)

    scores = [row["bot_probability"] for row in found]
    assert scores[-1] is None
    assert scores[:-1] == sorted(scores[:-1], reverse=True)
    assert found[-1]["reason"] == "no_evidence"
    assert len({row["key"] for row in found}) == len(ITEMS)


def test_the_strongest_family_has_the_largest_sum_for(
    files: Files, model: ServedModel
) -> None:
    for row in rows(files)[:-1]:
        item = stored_item(files, row)
        explanation = answer(model, [item], None, "full")[0]["explanation"]
        sums: dict[str, float] = {}
        for part in explanation["contributions"]:
            family = part["family"]
            sums[family] = sums.get(family, 0.0) + part["contribution"]
        strongest = max(sums, key=lambda name: sums[name])
        assert row["family"] == (strongest if sums[strongest] > 0 else None)


def test_an_account_is_rebuilt_bit_for_bit(files: Files, model: ServedModel) -> None:
    given = {item.account_id: item for item in parsed(ITEMS)}

    for row in rows(files):
        item = stored_item(files, row)
        stored, sent = (
            answer(model, [one], row["prevalence"], "full")[0]
            for one in (item, given[row["account_id"]])
        )
        assert stored == sent
        assert stored["bot_probability"] == row["bot_probability"]


def test_identical_rows_count_once(files: Files) -> None:
    first = rows(files)[0]
    before = stored_item(files, first)
    for path in (files.accounts, files.posts):
        assert path is not None
        frame = pl.read_parquet(path)
        pl.concat([frame, frame]).write_parquet(path)

    assert stored_item(files, first).account == before.account
    assert stored_item(files, first).posts == before.posts


def test_rejected_rows_are_not_in_the_queue(files: Files) -> None:
    before = rows(files)
    assert files.scores is not None
    scores = pl.read_parquet(files.scores)
    refused = scores.head(1).with_columns(
        account_id=pl.lit(None, pl.String), outcome=pl.lit("rejected")
    )

    pl.concat([scores, refused]).write_parquet(files.scores)

    assert rows(files) == before


def test_posts_may_be_missing(files: Files) -> None:
    item = stored_item(Files(files.scores, files.accounts, None), rows(files)[0])

    assert item.posts == []


def test_posts_may_be_a_folder_of_buckets(files: Files) -> None:
    assert files.posts is not None
    folder = files.posts.with_suffix("")
    write_posts([pl.read_parquet(files.posts)], folder, 4)
    there = sorted(folder.iterdir())
    assert len(there) > 2
    bucketed = Files(files.scores, files.accounts, folder)

    for row in rows(files):
        one, other = (stored_item(each, row) for each in (files, bucketed))
        assert one.account == other.account
        assert sorted(map(repr, one.posts)) == sorted(map(repr, other.posts))

    # The twin: of an account whose bucket is gone, no posts would look like none.
    shutil.move(there[-1], files.posts.with_name("elsewhere"))
    with pytest.raises(StoreError, match="POSTS: posts does not hold all buckets"):
        stored_item(bucketed, rows(files)[0])
    shutil.copy(files.posts, there[-1].with_name("posts.parquet"))
    with pytest.raises(StoreError, match="POSTS: posts does not hold all buckets"):
        stored_item(bucketed, rows(files)[0])


def test_columns_may_be_missing_and_of_other_precision(files: Files) -> None:
    assert files.accounts is not None
    pl.read_parquet(files.accounts).select(
        "account_id", pl.col("as_of").cast(pl.Datetime("us", "UTC")), "followers"
    ).write_parquet(files.accounts)

    item = stored_item(files, rows(files)[0])

    assert item.account["bio"] is None
    assert isinstance(item.account["as_of"], int)


def test_a_new_file_is_read_again(files: Files) -> None:
    assert files.scores is not None
    before = queue(files.scores)
    before_rows = pl.read_parquet(files.scores)

    before_rows.head(2).write_parquet(files.scores)

    assert queue(files.scores).height == 2 < before.height


def test_names_are_those_of_the_accounts_file(files: Files) -> None:
    assert names_of(files.accounts, ["nameless", "nobody"]) == {
        "nameless": "just_a_name"
    }
    assert names_of(None, ["nameless"]) == {}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("scores.csv", "not a .parquet file"),
        ("gone.parquet", "no file gone.parquet"),
        ("damaged.parquet", "does not hold scores"),
        ("accounts.parquet", "lacks"),
    ],
)
def test_what_is_no_file_of_scores_is_named(
    name: str, said: str, files: Files, tmp_path: Path
) -> None:
    (tmp_path / "scores.csv").write_text("account_id\n")
    (tmp_path / "damaged.parquet").write_bytes(b"nothing")

    with pytest.raises(StoreError, match=said) as caught:
        queue(tmp_path / name)

    assert str(tmp_path) not in str(caught.value)


def test_accounts_that_cannot_be_shown_are_named(files: Files, tmp_path: Path) -> None:
    row = rows(files)[0]
    with pytest.raises(StoreError, match="ACCOUNTS is not set"):
        stored_item(Files(files.scores, None, None), row)
    with pytest.raises(StoreError, match="not in accounts"):
        stored_item(files, {**row, "account_id": "nobody"})
    with pytest.raises(StoreError, match="not a canonical table of posts"):
        stored_item(Files(files.scores, files.accounts, files.scores), row)
    assert files.accounts is not None
    twice = pl.read_parquet(files.accounts)
    pl.concat([twice, twice.with_columns(followers=pl.lit(3, pl.Int64))]).write_parquet(
        files.accounts
    )
    with pytest.raises(StoreError, match="more than once"):
        stored_item(files, row)


def test_a_key_tells_nothing_and_breaks_no_address() -> None:
    assert account_key("a/<b>?\ud800") != account_key("a/<b>?")
    assert account_key("a").isalnum()
