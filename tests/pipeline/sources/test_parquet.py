from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import polars as pl
import pytest

from features.errors import InputError
from pipeline.errors import SourceError
from pipeline.sources import archive
from pipeline.sources.parquet import read_batches
from tests.pipeline.sources.archives import make_source, read, rules
from tests.pipeline.sources.people import golden
from tests.pipeline.sources.published import PUBLISHED
from tests.pipeline.sources.test_twitter_io import post, user

FRAME = pl.DataFrame({"account_id": ["1", "2", "3"], "text": ["a", "b", "c"]})


def test_a_sound_file_reads_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path)

    assert pl.concat(read_batches(path)).equals(FRAME)


def test_batches_are_in_order_and_none_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.sources.parquet._ROWS", range(2, 2))
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path)

    batches = list(read_batches(path))

    assert [batch.height for batch in batches] == [0, 2, 1]
    assert pl.concat(batches).equals(FRAME)


def test_batches_of_long_rows_are_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.sources.parquet._BYTES", 2**20)
    long = pl.select(
        text=pl.int_range(1_000).cast(pl.String).repeat_by(1_000).list.join(" ")
    )
    path = tmp_path / "a.parquet"
    long.write_parquet(path)

    heights = [batch.height for batch in read_batches(path)]

    assert sum(heights) == 1_000
    assert 150 < max(heights) < 400
    long.select(pl.col("text").str.head(1)).write_parquet(path)
    assert max(batch.height for batch in read_batches(path)) == 1_000


def test_a_flipped_bit_is_refused_or_read_and_never_ends_the_process(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path)
    data = path.read_bytes()
    refused = 0

    # The first page's header is at the beginning; Polars alone aborts within it.
    for position in (*range(4, 80), *range(80, len(data), 9)):
        broken = bytearray(data)
        broken[position] ^= 1
        path.write_bytes(broken)
        try:
            list(read_batches(path))
        except SourceError:
            refused += 1

    assert refused > 0


@pytest.mark.parametrize("data", [b"", b"PAR1", b"account_id\n1\n"])
def test_what_is_no_parquet_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(data)

    with pytest.raises(SourceError, match=r"a\.parquet: not Parquet"):
        list(read_batches(path))


# A value of each type that a column of Parquet may have.
CELLS = {
    "int": pl.lit(3),
    "float": pl.lit(2.5),
    "boolean": pl.lit(True),
    "date": pl.lit(date(2020, 1, 1)),
    "time of no zone": pl.lit(datetime(2020, 1, 1, tzinfo=UTC)).dt.replace_time_zone(
        None
    ),
    "time": pl.lit(datetime(2020, 1, 1, tzinfo=UTC)),
    "span": pl.lit(timedelta(1)),
    "time of day": pl.lit(time(1)),
    "bytes": pl.lit(b"\xff"),
    "strings": pl.lit(["a", "b"], pl.List(pl.String)),
    "ints": pl.lit([1], pl.List(pl.Int64)),
    "struct": pl.struct(a=1),
    "category": pl.lit("a").cast(pl.Categorical),
    "decimal": pl.lit("1.5").cast(pl.Decimal(10, 2)),
    "null": pl.lit(None, pl.Null),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["canonical", "cresci2015", "fivethirtyeight", "nyu2017", "twitter_io"]
)
@pytest.mark.parametrize("cell", CELLS)
def test_a_column_of_any_type_is_read_or_refused(
    name: str, cell: str, tmp_path: Path
) -> None:
    """Archives are converted by tools that guess types; none may end in a traceback."""
    form = PUBLISHED[name]
    form.write(tmp_path, *golden())
    source = form.source(name, tmp_path)
    tables = {}
    files: dict[str, list[str]] = {}
    for key in source.files:
        for path in archive.find(source, tmp_path, key):
            with archive.open_bytes(path) as handle:
                frame = pl.read_csv(handle.read(), infer_schema=False)
            tables[path.with_name(f"{key}_{path.name}.parquet")] = frame
            files.setdefault(key, []).append(f"{key}_{path.name}.parquet")
    for path, frame in tables.items():
        frame.write_parquet(path)
    typed = source.model_copy(update={"files": files})
    assert read(typed, tmp_path).rejected.is_empty()

    for path, frame in tables.items():
        for column in frame.columns:
            frame.with_columns(CELLS[cell].alias(column)).write_parquet(path)
            with suppress(InputError):
                read(typed, tmp_path)
        frame.write_parquet(path)


def test_numbers_of_parquet_are_those_of_text(tmp_path: Path) -> None:
    pl.DataFrame([user(follower_count=3, userid=11)]).write_parquet(
        tmp_path / "u.parquet"
    )
    row = post(like_count=2.0, is_retweet=False, hashtags=["x"], userid="12")
    row |= {"in_reply_to_userid": float("nan"), "quoted_tweet_tweetid": 7}
    row |= {"retweet_tweetid": 1.2e18, "user_display_name": 5}
    pl.DataFrame([row]).write_parquet(tmp_path / "t.parquet")
    files = {"accounts": ["u.parquet"], "posts": ["t.parquet"]}

    tables = read(make_source("twitter_io", files), tmp_path)

    accounts = tables.accounts.sort("account_id")
    assert accounts["account_id"].to_list() == ["11", "12"]
    assert accounts["followers"].to_list() == [3, 3]
    assert accounts["name"].to_list() == ["A", "5"]
    assert tables.posts is not None
    found = tables.posts.row(0, named=True)
    assert (found["likes"], found["hashtags"]) == (2, ["x"])
    assert (found["kind"], found["target_post_id"]) == ("quote", "7")
    assert rules(tables, "nulled", "posts")["id_precision_lost"] == 1


def test_bytes_are_refused_by_file_and_column(tmp_path: Path) -> None:
    row = user() | {"user_display_name": b"\xff"}
    pl.DataFrame([row]).write_parquet(tmp_path / "u.parquet")
    source = make_source("twitter_io", {"accounts": ["u.parquet"]})

    with pytest.raises(
        SourceError, match=r"u\.parquet: column name is Binary, .* text"
    ):
        read(source, tmp_path)
