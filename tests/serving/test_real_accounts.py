"""Real accounts have the same bits in one big batch, each alone, and by HTTP.

PARITY_ACCOUNTS sets how many go through a running service: 2,000 take a minute and a
half, so that a usual run makes do with fewer.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
import yaml
from pydantic import TypeAdapter

from features.artefacts import Artefacts
from features.build import prepare_fit
from features.catalogue import FEATURES
from models.bundle import Bundle, load_bundle
from models.scorer import Scores
from models.scorer import score as score_offline
from pipeline.canonical_posts import scan_posts
from pipeline.ingest import ingest
from pipeline.sources.source import Source
from tests.models.builders import write_bundle
from tests.serving.builders import KEYS, running, write_champion, write_keys
from tests.serving.conftest import Score

Tables = tuple[pl.DataFrame, pl.DataFrame]
Send = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]

# Archives whose accounts have posts, one with times and counts and one with texts alone.
ARCHIVES = ("ira", "pan2019")
# Latest posts of each: what a caller sends.
MOST = 200
BATCH = 100
# Of each archive.
FEW = 20
MANY = int(os.environ.get("PARITY_ACCOUNTS", "300")) // len(ARCHIVES)

pytestmark = pytest.mark.public_data


def real(public_data: Path, root: Path, folder: Path, each: int) -> Tables:
    """Canonical accounts of the archives with five posts or more, and their posts."""
    declared = yaml.safe_load((root / "params.yaml").read_text())["sources"]["public"]
    adapter: TypeAdapter[list[Source]] = TypeAdapter(list[Source])
    sources = [s for s in adapter.validate_python(declared) if s.name in ARCHIVES]
    raw = folder / "raw"
    raw.mkdir()
    for source in sources:
        for name in (file for files in source.files.values() for file in files):
            if "posts" in name:
                _of_few(public_data / name, raw / name, each)
            else:
                (raw / name).symlink_to(public_data / name)
    ingest(sources, raw, folder / "canonical", folder / "ingest.json")
    accounts = pl.read_parquet(folder / "canonical" / "accounts.parquet")
    posts = scan_posts(folder / "canonical").collect()
    known = posts.group_by("account_id").agg(pl.len()).filter(pl.col("len") >= 5)
    accounts = (
        accounts.join(known, on="account_id", how="semi", maintain_order="left")
        .with_columns(archive=pl.col("account_id").str.split("/").list.first())
        .group_by("archive", maintain_order=True)
        .head(each)
        .select(accounts.columns)
    )
    posts = (
        posts.join(accounts, on="account_id", how="semi", maintain_order="left")
        .sort("account_id", "posted_at", "post_id", nulls_last=False)
        .group_by("account_id", maintain_order=True)
        .tail(MOST)
        .select(posts.columns)
    )
    return accounts, posts


def _of_few(given: Path, target: Path, each: int) -> None:
    """Posts of the first authors, and of as many more as may have too few of them."""
    posts = pl.scan_parquet(given)
    authors = posts.select("author_id").unique().sort("author_id").head(2 * each)
    posts.join(authors, on="author_id", how="semi").collect().write_parquet(target)


def as_items(accounts: pl.DataFrame, posts: pl.DataFrame) -> list[dict[str, Any]]:
    """The accounts as a request has them."""
    of = posts.partition_by("account_id", as_dict=True)
    return [
        {
            "account": _told(account),
            "posts": [
                _told(post)
                for post in of[(account["account_id"],)].iter_rows(named=True)
            ],
        }
        for account in accounts.iter_rows(named=True)
    ]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None
    }


def numbers(scores: Scores, row: int) -> dict[str, Any]:
    """What must not differ by a bit."""
    values = scores.values.drop("account_id").row(row)
    parts = scores.explanation.contributions[row].tolist()
    return {
        "probability": float(scores.probabilities[row]),
        "interval": scores.intervals[row].tolist(),
        **{
            f.name: (None if value is None else float(value), part)
            for f, value, part in zip(FEATURES, values, parts, strict=True)
        },
    }


def answered(result: dict[str, Any]) -> dict[str, Any]:
    """The same of an answer of the service."""
    parts = result["explanation"]["contributions"]
    return {
        "probability": result["bot_probability"],
        "interval": result["interval"],
        **{p["feature"]: (p["value"], p["contribution"]) for p in parts},
    }


def differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    """Names only: what real accounts wrote is in no message."""
    return {name for name in one.keys() | other.keys() if one[name] != other[name]}


def check_parity(
    bundle: Bundle, accounts: pl.DataFrame, posts: pl.DataFrame, send: Send
) -> None:
    """All three ways agree in every value, contribution, probability and interval."""
    batch = score_offline(bundle, accounts, posts)
    expected = [numbers(batch, row) for row in range(accounts.height)]
    of = posts.partition_by("account_id", as_dict=True)
    found: set[str] = set()
    for row, name in enumerate(accounts["account_id"]):
        alone = score_offline(bundle, accounts[row], of[(name,)])
        found |= differing(numbers(alone, 0), expected[row])
    assert found == set()
    items = as_items(accounts, posts)
    for start in range(0, len(items), BATCH):
        results = send(items[start : start + BATCH])
        assert {result["outcome"] for result in results} == {"scored"}
        for result, there in zip(results, expected[start:], strict=False):
            found |= differing(answered(result), there)
    assert found == set()


def test_a_few_real_accounts(
    public_data: Path,
    root: Path,
    tmp_path: Path,
    served_bundle: Bundle,
    score: Score,
) -> None:
    accounts, posts = real(public_data, root, tmp_path, FEW)
    assert accounts.height == FEW * len(ARCHIVES)

    check_parity(
        served_bundle,
        accounts,
        posts,
        lambda items: score(items, explain="full").json()["results"],
    )


def test_an_answer_of_other_posts_is_noticed(
    public_data: Path,
    root: Path,
    tmp_path: Path,
    served_bundle: Bundle,
    score: Score,
) -> None:
    """The twin: bits follow what was sent, down to the last post."""
    accounts, posts = real(public_data, root, tmp_path, 5)

    def without_the_last_post(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        fewer = [{**item, "posts": item["posts"][:-1]} for item in items]
        answer: list[dict[str, Any]] = score(fewer, explain="full").json()["results"]
        return answer

    with pytest.raises(AssertionError):
        check_parity(served_bundle, accounts, posts, without_the_last_post)


@contextmanager
def serving(
    folder: Path, root: Path, artefacts: Artefacts
) -> Iterator[tuple[Bundle, Send]]:
    """A service that really runs, of a bundle with these fitted tables."""
    bundle = write_bundle(folder / "bundle", artefacts=artefacts)
    champion = write_champion(folder / "champion", bundle)
    keys = write_keys(folder / "keys.json")
    environment = {"TELLTALE_CHAMPION": str(champion), "TELLTALE_KEYS": str(keys)}
    headers = {
        "Authorization": f"Bearer {KEYS['reviewer']}",
        "Content-Type": "application/json",
    }
    (folder / "home").mkdir()
    with running(folder / "home", environment, folder=root) as server:

        def send(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
            answer = httpx.post(
                f"{server.url}/v1/score",
                content=json.dumps({"accounts": items, "explain": "full"}),
                headers=headers,
                timeout=300,
            )
            results: list[dict[str, Any]] = answer.json()["results"]
            return results

        yield load_bundle(bundle), send


@pytest.mark.slow
def test_many_real_accounts_with_tables_fitted_on_them(
    public_data: Path, root: Path, tmp_path: Path
) -> None:
    accounts, posts = real(public_data, root, tmp_path, MANY)
    assert accounts.height == MANY * len(ARCHIVES)
    artefacts = Artefacts.fit(*prepare_fit(accounts, posts))

    with serving(tmp_path, root, artefacts) as (bundle, send):
        check_parity(bundle, accounts, posts, send)
