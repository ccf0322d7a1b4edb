"""Files of one key put together, whatever types their columns are stored in."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.errors import SourceError
from pipeline.sources.source import Tables
from tests.pipeline.sources.archives import make_source, read

POST = {"account_id": "1", "kind": "original", "post_id": "1"}


def read_posts(folder: Path, *files: dict[str, Any]) -> Tables:
    pl.DataFrame({"account_id": ["1"]}).write_parquet(folder / "accounts.parquet")
    for number, columns in enumerate(files, 1):
        row = POST | {"post_id": str(number)} | columns
        rows = pl.DataFrame({name: pl.Series([cell]) for name, cell in row.items()})
        rows.write_parquet(folder / f"posts_{number}.parquet")
    named = {"accounts": ["accounts.parquet"], "posts": ["posts_*.parquet"]}
    return read(make_source("canonical", named), folder)


@pytest.mark.parametrize("lists", [[["tea"]], [["tea"], ["maps"]]])
def test_a_file_without_a_column_has_nulls_of_whatever_type_the_others_have(
    tmp_path: Path, lists: list[list[str]]
) -> None:
    files = [{"hashtags": tags} for tags in lists]

    posts = read_posts(tmp_path, {}, *files, {"likes": 3}).posts

    assert posts is not None
    rows = posts.sort("post_id")
    assert rows["hashtags"].to_list() == [None, *lists, None]
    assert rows["likes"].to_list() == [None, *[None for _ in lists], 3]
    assert rows["text"].dtype == pl.String


@pytest.mark.parametrize(
    ("one", "other"),
    [(["tea"], "[]"), (["tea"], 1), (True, ["tea"])],
    ids=["text", "number", "truth"],
)
def test_types_that_cannot_be_put_together_are_refused_by_file_and_column(
    tmp_path: Path, one: object, other: object
) -> None:
    files: list[dict[str, Any]] = [{}, {"hashtags": one}, {"hashtags": other}]

    with pytest.raises(SourceError) as refused:
        read_posts(tmp_path, *files)

    told = str(refused.value)
    assert told.startswith("posts_2.parquet and posts_3.parquet: column hashtags is ")
    assert told.endswith("store it alike in both")


def test_types_that_can_be_put_together_are(tmp_path: Path) -> None:
    posts = read_posts(tmp_path, {"likes": 2}, {"likes": "3"}).posts

    assert posts is not None
    assert posts.sort("post_id")["likes"].to_list() == [2, 3]
