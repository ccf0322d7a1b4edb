"""The folder of posts: which bucket an account is in, and that all of them are there."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from features.errors import InputError
from pipeline.canonical_posts import (
    FOLDER,
    MOST,
    bucket_name,
    bucket_of,
    buckets,
    count_for,
    parts,
    posts_at,
    scan_posts,
    with_posts,
)
from pipeline.featurize import FeaturizeParams, featurize
from pipeline.ingest import ingest
from pipeline.label import LabelParams, label
from pipeline.languages import languages
from pipeline.verdicts import no_verdicts
from tests.pipeline.conftest import TinyWorld, put_posts


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_no_table_made_of_posts_depends_on_the_number_of_buckets(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    """One bucket in place of several."""
    canonical, labelled = tmp_path / "canonical", tmp_path / "labelled"
    there = tiny_world.folder
    sources, raw = tiny_world.sources, there / "raw"
    params = LabelParams.model_validate(tiny_world.params["label"])
    recipe = FeaturizeParams(**tiny_world.params["featurize"])

    report = tmp_path / "ingest.json"
    ingest(sources, raw, canonical, report, rows_per_bucket=10**9)
    label(canonical, sources, params, no_verdicts(), labelled)
    featurize(canonical, labelled, there / "folds", recipe, tmp_path / "features")

    assert len(buckets(canonical / FOLDER)) == 1
    assert len(buckets(there / "canonical" / FOLDER)) >= 4
    assert report.read_bytes() == (there / "ingest.json").read_bytes()
    for stage in ("labelled", "features"):
        assert contents(tmp_path / stage) == contents(there / stage)
    others = {path.name for path in canonical.glob("*.parquet")}
    assert others == {
        f"{t}.parquet" for t in ("accounts", "labels", "rejected", "actions")
    }
    for name in others:
        before = (there / "canonical" / name).read_bytes()
        assert (canonical / name).read_bytes() == before
    assert languages(canonical).equals(languages(there / "canonical"))


def test_the_bucket_of_an_id_is_fixed() -> None:
    ids = pl.Series(["harbour/1", "harbour/2", "ira/1", "", "b/\u00e4\U0001f600"])

    assert bucket_of(ids, 1).to_list() == [0] * 5
    # As gzip has it, whose checksums of these five begin with 7, e, 9, 0 and f.
    assert bucket_of(ids, 16).to_list() == [7, 14, 9, 0, 15]
    assert bucket_of(ids, MOST).to_list() == [448, 932, 615, 0, 995]


def test_a_bucket_is_two_neighbours_of_twice_as_many() -> None:
    ids = pl.Series([f"src/{number}" for number in range(2_000)])

    for power in range(10):
        halves = bucket_of(ids, 2 ** (power + 1)) // 2
        assert halves.equals(bucket_of(ids, 2**power))


@pytest.mark.parametrize(
    ("rows", "count"), [(0, 1), (1_000, 1), (1_001, 2), (9_000, 16), (10**12, MOST)]
)
def test_buckets_are_as_many_as_the_target_asks_for(rows: int, count: int) -> None:
    assert count_for(rows, 1_000) == count


@pytest.fixture
def canonical(tiny_world: TinyWorld, tmp_path: Path) -> Path:
    """Canonical tables in four buckets."""
    posts = tiny_world.table("canonical/posts").head(3_500)
    shutil.copy(tiny_world.folder / "canonical" / "accounts.parquet", tmp_path)
    put_posts(posts, tmp_path)
    return tmp_path


def test_accounts_come_with_all_their_posts(
    tiny_world: TinyWorld, canonical: Path
) -> None:
    accounts = tiny_world.table("canonical/accounts")
    posts = tiny_world.table("canonical/posts").head(3_500)

    found = list(with_posts(accounts, canonical / FOLDER, 500))

    assert len(found) > 4
    some = [one for one, _ in found]
    assert pl.concat(some).sort("account_id").equals(accounts)
    for one, own in found:
        assert one["account_id"].is_sorted()
        theirs = posts.join(one, on="account_id", how="semi", maintain_order="left")
        assert own.equals(theirs)
        assert own.height < 500 + 150


def test_parts_hold_everyone_once_in_order() -> None:
    counts = pl.DataFrame(
        {"account_id": [f"a/{n:02}" for n in range(20)], "n_posts": [7] * 20}
    )

    found = list(parts(counts, 20))

    assert [name for part in found for name in part] == counts["account_id"].to_list()
    assert max(len(part) for part in found) <= 3
    assert list(parts(counts.clear(), 20)) == []


def test_leavings_of_a_kill_are_no_buckets(canonical: Path) -> None:
    (canonical / FOLDER / f".{bucket_name(1, 4)}.0f").write_bytes(b"half")

    assert [path.name for path in posts_at(canonical / FOLDER)] == [
        bucket_name(number, 4) for number in range(4)
    ]


def test_a_missing_bucket_is_named(canonical: Path) -> None:
    (canonical / FOLDER / bucket_name(2, 4)).unlink()

    with pytest.raises(
        InputError, match=r"bucket-0002-of-0004.*missing.*run the stage"
    ):
        scan_posts(canonical)


@pytest.mark.parametrize(
    "name", [bucket_name(0, 2), bucket_name(4, 4), "posts.parquet"]
)
def test_a_file_that_is_none_of_the_buckets_is_named(
    name: str, canonical: Path
) -> None:
    shutil.copy(canonical / FOLDER / bucket_name(0, 4), canonical / FOLDER / name)

    with pytest.raises(InputError, match=rf"{name}: none of the 4 buckets.*remove it"):
        scan_posts(canonical)


def test_a_folder_without_buckets_is_named(canonical: Path) -> None:
    with pytest.raises(InputError, match=r"holds no bucket.*run the stage ingest"):
        posts_at(canonical)
    with pytest.raises(InputError, match=r"no such folder; run the stage ingest"):
        scan_posts(canonical / "else")
