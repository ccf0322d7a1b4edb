"""The command of files and the service give one answer for one account."""

import copy
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features import equalise
from features.catalogue import FEATURES
from models.bundle import Bundle
from models.scorer import score as score_tables
from tests.serving.builders import (
    AS_OF,
    iso,
    make_account,
    make_item,
    make_post,
    random_items,
)
from tests.serving.conftest import Score
from tests.serving.test_running import canonical, numbers


def with_posts(account_id: str, posts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"account": make_account(account_id), "posts": posts}


def nameless(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**post, "post_id": None} for post in item["posts"]]


def awkward_items() -> list[dict[str, Any]]:
    """Accounts that two ways to read them could take for different ones."""
    whole, twice, conflicting, unnamed, undated = random_items(5, 30, seed=3)
    twice["posts"] += copy.deepcopy(twice["posts"][:12])
    conflicting["posts"] += [
        {**post, "text": f"{number} other words", "kind": "original"}
        for number, post in enumerate(conflicting["posts"])
    ]
    unnamed["posts"] = nameless(unnamed)
    unnamed["posts"] += [
        {**post, "kind": "reply", "likes": 3} for post in unnamed["posts"]
    ]
    # Posts of one minute, apart by seconds; then without any time: all of them count.
    undated["posts"] = [
        {**post, "posted_at": f"2024-04-01T10:00:{number:02}Z"}
        for number, post in enumerate(nameless(undated))
    ] + [make_post(posted_at=None, text="again")] * 9
    created = make_item("late", 4, created_at=iso(AS_OF - timedelta(hours=1)))
    created["posts"].append(make_post(posted_at=iso(AS_OF - timedelta(days=3))))
    future = make_item(
        "future", 0, created_at=iso(AS_OF + timedelta(days=1, minutes=1))
    )
    almost = make_item("almost", 1, created_at=iso(AS_OF + timedelta(hours=22)))
    early = make_item("early", 2, created_at="1969-01-01T00:00:00Z")
    early["posts"].append(make_post(posted_at="1969-06-01T00:00:00Z"))
    only_name = {
        "account": {"account_id": "named", "as_of": iso(AS_OF), "handle": "x"},
        "posts": [],
    }
    return [
        *(whole, twice, conflicting, unnamed, undated),
        *(created, future, almost, early, only_name),
    ]


def by_command(items: list[dict[str, Any]], bundle: Path, folder: Path) -> pl.DataFrame:
    for name, frame in zip(("accounts", "posts"), canonical(items), strict=True):
        frame.write_parquet(folder / f"{name}.parquet")
    subprocess.run(
        [
            *(sys.executable, "-m", "pipeline.score"),
            *("--bundle", str(bundle), "--out", str(folder / "scores.parquet")),
            *("--accounts", str(folder / "accounts.parquet")),
            *("--posts", str(folder / "posts.parquet")),
        ],
        check=True,
        timeout=120,
        capture_output=True,
    )
    return pl.read_parquet(folder / "scores.parquet")


def test_files_and_requests_give_the_same_bits(
    score: Score, champion_folder: Path, tmp_path: Path
) -> None:
    items = awkward_items()

    answered = score(items, explain="full").json()["results"]
    table = by_command(items, champion_folder / "bundle", tmp_path)

    written = table.rows_by_key("account_id", named=True, unique=True)
    assert table.height == len(items)
    columns = ["bot_probability", "interval_low", "interval_high"]
    columns += ["base", "prevalence_shift"]
    columns += [f"contribution_{feature.name}" for feature in FEATURES]
    outcomes = {}
    for item, result in zip(items, answered, strict=True):
        name = item["account"]["account_id"]
        row = written[name]
        outcomes[name] = result["outcome"]
        assert row["outcome"] == result["outcome"], name
        if result["outcome"] == "scored":
            assert [row[column] for column in columns] == numbers(result), name
            continue
        error = result["error"]
        assert row["reason"] == (error["code"] if error else result["reason"])
        assert {row[column] for column in columns} == {None}
    assert outcomes["late"] == outcomes["future"] == "rejected"
    assert outcomes["named"] == "abstained"
    assert list(outcomes.values()).count("scored") == len(items) - 3


@pytest.mark.parametrize("row", [1, 2, 3])
def test_posts_that_stand_twice_would_be_noticed(
    row: int, served_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = canonical(awkward_items())
    before = score_tables(served_bundle, *tables).values

    monkeypatch.setattr(equalise, "distinct", lambda posts: posts)

    after = score_tables(served_bundle, *tables).values
    assert not after[row].equals(before[row])
    assert after[0].equals(before[0])


@pytest.mark.parametrize(
    ("as_of", "sent_back"),
    [
        (iso(AS_OF), iso(AS_OF)),
        ("2024-05-01T12:30:59.999Z", "2024-05-01T12:30:00Z"),
        ("2024-05-01T14:30:31+02:00", "2024-05-01T12:30:00Z"),
        (None, None),
    ],
)
def test_what_is_answered_can_be_sent_again(
    score: Score, as_of: str | None, sent_back: str | None
) -> None:
    item = make_item(posts=6)
    item["account"]["as_of"] = as_of
    first = score([item], explain="full").json()["results"][0]

    item["account"]["as_of"] = first["as_of"]
    second = score([item], explain="full").json()["results"][0]

    assert second == first
    assert sent_back in (None, first["as_of"])
    later = make_item(posts=6, as_of=iso(AS_OF + timedelta(minutes=1)))
    assert score([later]).json()["results"][0]["receipt"] != first["receipt"]
