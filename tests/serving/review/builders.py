"""A champion with percentiles, and a queue as `make serve SCORES=` is given one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from features.artefacts import Artefacts
from features.build import build_features
from features.catalogue import FEATURES
from models.bands import band_of
from models.bundle import Bundle, describe, save_bundle
from models.scorer import as_table, score
from serving.parsing import ParsedItem, parse_item, tables
from tests.models.builders import (
    INTERVALS,
    LENIENT,
    LINE,
    POINT,
    make_accounts,
    small_booster,
)
from tests.serving.builders import AS_OF, iso, make_account, make_post, random_items

SCRIPT = "<script>alert('bio')</script>"
LONG = "long " + "word " * 799 + "end"


def parsed(items: Sequence[dict[str, Any]]) -> list[ParsedItem]:
    """Items of a request, as the service reads them."""
    received = datetime(2024, 6, 1, tzinfo=UTC)
    return [parse_item(item, "accounts[0]", received) for item in items]


def hostile_item() -> dict[str, Any]:
    """An account whose texts try to run, to hide and to mislead."""
    account = make_account(
        "evil/<b>1</b>",
        handle="abc\u202egpj.exe",
        name="=1+1",
        bio=f"{SCRIPT} https://evil.example/x <img src=x onerror=alert(1)>\u200b",
        url="javascript:alert(2)",
        location="x" * 300,
    )
    texts = [LONG, "<a href='https://evil.example'>free</a> https://evil.example/free"]
    posts = [
        make_post(text=text, posted_at=iso(AS_OF.replace(hour=number)))
        for number, text in enumerate(texts * 4)
    ]
    return {"account": account, "posts": posts}


def only_name() -> dict[str, Any]:
    """An account of which nothing but its handle is known."""
    account = {"account_id": "nameless", "as_of": iso(AS_OF), "handle": "just_a_name"}
    return {"account": account, "posts": []}


def some_items(accounts: int = 6, posts: int = 25) -> list[dict[str, Any]]:
    """Different accounts, a hostile one and one that cannot be scored."""
    return [*random_items(accounts, posts), hostile_item(), only_name()]


def write_queue(
    folder: Path, bundle: Bundle, items: Sequence[dict[str, Any]]
) -> dict[str, str]:
    """Scores, accounts and posts as files; the environment that names them."""
    accounts, posts = tables(parsed(items))
    scored = as_table(score(bundle, accounts, posts), accounts["as_of"])
    named = {"SCORES": scored, "ACCOUNTS": accounts, "POSTS": posts}
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in named.items():
        frame.write_parquet(folder / f"{name.lower()}.parquet")
    return {f"TELLTALE_{n}": str(folder / f"{n.lower()}.parquet") for n in named}


def write_bundle_with_percentiles(folder: Path) -> Path:
    """A small bundle that knows what controls with some posts are like."""
    accounts, posts = tables(parsed(random_items(40, 25, seed=5)))
    values = build_features(accounts, posts, None)
    even = np.linspace(0, 1, 21)
    cuts: dict[str, list[float]] = {}
    for feature in FEATURES:
        known = values[feature.name].cast(pl.Float64).drop_nulls().to_numpy()
        if len(known):
            cuts[feature.name] = np.quantile(known, even).tolist()
    folder.mkdir(parents=True)
    save_bundle(
        folder,
        small_booster().model_to_string(),
        LINE,
        Artefacts.fit(make_accounts(30)),
        describe("demo", 0.05, LINE, {"cautious": POINT}, {}),
        {band_of(25): cuts},
        INTERVALS,
        LENIENT,
    )
    return folder
