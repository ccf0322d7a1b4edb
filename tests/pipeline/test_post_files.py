"""Posts on disk: the same bytes, whether they were held or spilled."""

from pathlib import Path

import polars as pl
import pytest

from features import schema
from pipeline.canonical_posts import FOLDER, bucket_of, buckets
from pipeline.post_files import POST_ORDER, SpilledPosts, spill, write_posts


def posts(start: int, stop: int) -> pl.DataFrame:
    n = pl.col("n")
    rows = pl.select(n=pl.int_range(start, stop)).select(
        account_id=pl.format("s/{}", (n // 10).cast(pl.String).str.zfill(6)),
        kind=pl.lit("reply"),
        # Two of an account at each time.
        posted_at=pl.from_epoch(n % 5, "s").dt.replace_time_zone("UTC"),
        text=pl.when(n % 3 > 0).then(pl.format("the long text of a post, {}", -n)),
        hashtags=pl.concat_list(pl.format("t{}", n), pl.format("a long tag, {}", n)),
    )
    return schema.conform(rows.cast({"posted_at": schema.TIME}), "posts")


def written(
    parts: list[pl.DataFrame | SpilledPosts], folder: Path, each: int
) -> dict[str, bytes]:
    write_posts(parts, folder / FOLDER, each)
    return {path.name: path.read_bytes() for path in buckets(folder / FOLDER)}


@pytest.mark.parametrize("each", [1_000, 40_000, 10**9])
def test_posts_of_one_part_are_the_bytes_of_spilled_ones(
    tmp_path: Path, each: int
) -> None:
    # More than a row group, and than a page.
    every, middle = 120_000, 70_000
    for name in "ab":
        (tmp_path / name).mkdir()

    held = written([posts(0, every)[::-1]], tmp_path / "a", each)
    files = [tmp_path / "b" / f"{number}.arrow" for number in range(3)]
    parts = (posts(0, middle)[::-1], posts(middle, every), schema.empty("posts"))
    spilled = written(list(map(spill, parts, files)), tmp_path / "b", each)

    assert held == spilled
    assert len(held) == {1_000: 128, 40_000: 4, 10**9: 1}[each]
    assert [path.name for path in (tmp_path / "b").iterdir()] == [FOLDER]


def test_a_bucket_has_all_posts_of_its_accounts_in_order(tmp_path: Path) -> None:
    given = posts(0, 30_000)

    written([given.sample(fraction=1, shuffle=True, seed=1)], tmp_path, 2_000)

    files = buckets(tmp_path / FOLDER)
    found = [pl.read_parquet(path) for path in files]
    assert pl.concat(found).sort(POST_ORDER).equals(given.sort(POST_ORDER))
    for number, rows in enumerate(found):
        assert rows.equals(rows.sort(POST_ORDER, nulls_last=True))
        assert set(bucket_of(rows["account_id"], len(files))) == {number}
        assert 1_000 < rows.height < 3_000


def test_no_posts_are_a_table_all_the_same(tmp_path: Path) -> None:
    written([], tmp_path, 1_000)

    (path,) = buckets(tmp_path / FOLDER)
    assert schema.check(pl.read_parquet(path), "posts").height == 0


def test_a_bucket_without_posts_is_a_table(tmp_path: Path) -> None:
    one = posts(0, 5_000).with_columns(account_id=pl.lit("s/1"))

    written([one], tmp_path, 1_000)

    heights = [pl.read_parquet(path).height for path in buckets(tmp_path / FOLDER)]
    assert sorted(heights) == [0] * 7 + [5_000]
    schema.check(pl.read_parquet(buckets(tmp_path / FOLDER)[0]), "posts")
