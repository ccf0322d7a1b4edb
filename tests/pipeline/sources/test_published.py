"""Every format in its published shape: read back equal, and never broken by damage."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from features.errors import TelltaleError
from pipeline.sources import READERS
from tests.pipeline.sources.archives import read
from tests.pipeline.sources.damage import damage
from tests.pipeline.sources.people import Person, Post, golden, worlds
from tests.pipeline.sources.published import PUBLISHED

# Ids as a format writes them, where it has others than the platform's number.
OWN_IDS = {"bluesky": "did:plc:", "nyu2017": "", "pan2019": ""}


def check_round_trip(
    name: str, folder: Path, people: list[Person], posts: list[Post]
) -> None:
    """What is read has exactly the accounts and posts that were written."""
    form = PUBLISHED[name]
    form.write(folder, people, posts)

    tables = read(form.source(name, folder), folder)

    writing = {post.owner.id for post in posts}
    of_posts = name in ("fivethirtyeight", "pan2019")
    known = [one for one in people if not of_posts or one.id in writing]
    wanted = {one.id: form.of_account(one) for one in known}
    if name == "nyu2017":
        wanted = {
            one.handle: form.of_account(one) | {"account_id": one.handle}
            for one in people
        }
    columns = ["account_id", *form.accounts]
    prefix = OWN_IDS.get(name, "")
    rows = tables.accounts.with_columns(pl.col("account_id").str.strip_prefix(prefix))
    assert {row["account_id"]: row for row in rows.select(columns).to_dicts()} == wanted
    assert tables.rejected.is_empty(), tables.rejected["rule"].to_list()
    if not form.posts:
        assert tables.posts is None
        return
    assert tables.posts is not None
    columns = ["account_id", *form.posts]
    own = tables.posts.with_columns(pl.col("account_id").str.strip_prefix(prefix))
    found = own.select(columns).to_dicts()
    written = [form.of_post(post) for post in posts]
    assert sorted(found, key=_order) == sorted(written, key=_order)


def _order(row: dict[str, Any]) -> list[str]:
    return [str(value) for name, value in row.items() if name != "posted_at"]


def test_every_format_is_written_here() -> None:
    assert {name.split("-")[0] for name in PUBLISHED} == set(READERS)


@pytest.mark.parametrize("name", PUBLISHED)
def test_golden_archive_reads_back_equal(name: str, tmp_path: Path) -> None:
    check_round_trip(name, tmp_path, *golden())


@pytest.mark.parametrize("name", PUBLISHED)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds())
def test_random_archives_read_back_equal(
    name: str, world: tuple[list[Person], list[Post]]
) -> None:
    with TemporaryDirectory() as folder:
        check_round_trip(name, Path(folder), *world)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folder of the golden archive of each format."""
    folders = {name: tmp_path_factory.mktemp(name) for name in PUBLISHED}
    for name, folder in folders.items():
        PUBLISHED[name].write(folder, *golden())
    return folders


def check_damaged(name: str, sound: Path, folder: Path, variants: range) -> None:
    """Every variant is refused by name, or each of its rows is kept or rejected."""
    files = [path for path in sorted(sound.rglob("*")) if path.is_file()]
    source = PUBLISHED[name].source(name, sound)
    refused = rejected = 0
    for variant in variants:
        rng = np.random.default_rng([variant, len(name)])
        broken = files[rng.integers(len(files))]
        for path in files:
            copy = folder / path.relative_to(sound)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
        damage(folder / broken.relative_to(sound), rng)
        try:
            # Compares the counts of each file with the rows that are there.
            tables = read(source, folder)
        except TelltaleError:
            refused += 1
            continue
        rejected += tables.rejected.height
    assert refused + rejected > 0


@pytest.mark.parametrize("name", PUBLISHED)
def test_damaged_archives_lose_no_row_and_raise_no_traceback(
    name: str, sound: dict[str, Path], tmp_path: Path
) -> None:
    check_damaged(name, sound[name], tmp_path, range(8))


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_two_hundred_damaged_archives(
    name: str, sound: dict[str, Path], tmp_path: Path
) -> None:
    check_damaged(name, sound[name], tmp_path, range(8, 200))
