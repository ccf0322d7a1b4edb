"""Posts on disk: the same bytes, whether they were merged or not."""

from pathlib import Path

import polars as pl

from features import schema
from pipeline.post_files import merge, write_part


def posts(start: int, stop: int) -> pl.DataFrame:
    n = pl.col("n")
    rows = pl.select(n=pl.int_range(start, stop)).select(
        account_id=pl.format("s/{}", (n // 10).cast(pl.String).str.zfill(6)),
        kind=pl.lit("reply"),
        posted_at=pl.from_epoch(n % 10, "s").dt.replace_time_zone("UTC"),
        hashtags=pl.concat_list(pl.format("t{}", n), pl.format("a long tag, {}", n)),
    )
    return schema.conform(rows.cast({"posted_at": schema.TIME}), "posts")


def test_posts_of_one_part_are_the_bytes_of_merged_ones(tmp_path: Path) -> None:
    # Pages end where batches do only beyond a row group.
    every, middle = 120_000, 70_000
    write_part(posts(0, every)[::-1], tmp_path / "only.parquet")
    write_part(posts(0, middle), tmp_path / "0.arrow")
    write_part(posts(middle, every), tmp_path / "1.arrow")

    merge([[tmp_path / "only.parquet"]], tmp_path / "at_once.parquet")
    merge([[tmp_path / "0.arrow", tmp_path / "1.arrow"]], tmp_path / "merged.parquet")

    at_once = (tmp_path / "at_once.parquet").read_bytes()
    assert at_once == (tmp_path / "merged.parquet").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "at_once.parquet",
        "merged.parquet",
    ]
    # Twin: written in one piece they are other bytes.
    posts(0, every).lazy().sink_parquet(
        tmp_path / "piece.parquet",
        compression="zstd",
        compression_level=1,
        row_group_size=100_000,
    )
    assert pl.read_parquet(tmp_path / "piece.parquet").equals(
        pl.read_parquet(tmp_path / "at_once.parquet")
    )
    assert at_once != (tmp_path / "piece.parquet").read_bytes()
