"""The language of an account is one thing, whoever asks."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from features import schema
from pipeline.languages import languages
from tests.pipeline.conftest import put_posts


def tables(folder: Path, posts: Sequence[tuple[str, str | None]]) -> Path:
    declared = {"a": "FR-ca", "b": "en-GB", "c": None, "d": "??"}
    pl.DataFrame(
        {"account_id": list(declared), "declared_language": list(declared.values())}
    ).write_parquet(folder / "accounts.parquet")
    types = {"account_id": pl.String, "language": pl.String}
    said = pl.DataFrame(posts, schema=types, orient="row")
    put_posts(schema.conform(said.with_columns(kind=pl.lit("reply")), "posts"), folder)
    return folder


def test_posts_decide_then_the_account_then_nothing(tmp_path: Path) -> None:
    posts = [("a", "pt-BR"), ("a", "PT"), ("a", "en"), ("a", "en-gb"), ("a", "pt")]
    canonical = tables(tmp_path, [*posts, ("b", None), ("c", None)])

    found = dict(languages(canonical).iter_rows())

    # Region and case set aside, Portuguese is written most.
    assert found == {"a": "pt", "b": "en", "c": None, "d": None}


def test_of_languages_written_as_often_the_first_by_name(tmp_path: Path) -> None:
    for posts in ([("a", "pt"), ("a", "en")], [("a", "en"), ("a", "pt")]):
        found = dict(languages(tables(tmp_path, posts)).iter_rows())

        assert found["a"] == "en"
