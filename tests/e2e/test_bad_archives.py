import re
import shutil
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
import yaml

from tests.e2e.tiny_world import dvc, run

pytestmark = pytest.mark.slow

POSTS = "harbour_tweets_csv_hashed.csv"


@pytest.fixture(scope="module")
def given(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny world beside another, `given`, whose archives are not simulated."""
    copy = tmp_path_factory.mktemp("given") / "world"
    shutil.copytree(finished, copy, symlinks=True)
    params = copy / "params.yaml"
    sources = yaml.safe_load(params.read_text())["sources"]["demo"]
    harbour = [source for source in sources if source["name"] == "harbour"]
    block = yaml.safe_dump({"given": harbour}, sort_keys=False)
    indented = "".join(f"  {line}\n" for line in block.splitlines())
    params.write_text(
        params.read_text().replace("\nsources:\n", f"\nsources:\n{indented}")
    )
    return copy


@pytest.fixture
def posts(given: Path, tmp_path: Path) -> Path:
    """File of posts, to be damaged, among the archives of the world `given`."""
    archives = tmp_path / "archives"
    archives.mkdir()
    for path in (given / "data" / "demo" / "raw").glob("harbour_*"):
        shutil.copyfile(path, archives / path.name)
    module = (sys.executable, "-m", "pipeline.add_world")
    run(given, *module, "--world", "given", "--data", str(archives))
    return archives / POSTS


def without_a_column(posts: Path) -> None:
    frame = pl.read_csv(posts, infer_schema=False)
    frame.drop("tweet_time").write_csv(posts, quote_style="always")


def without_content(posts: Path) -> None:
    posts.write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (without_a_column, f"error: {POSTS}: required column tweet_time is missing"),
        (without_content, f"error: source harbour: {POSTS} is empty"),
        (Path.unlink, rf"error: source harbour: no file .*{POSTS}"),
    ],
)
def test_a_useless_archive_stops_the_chain_with_one_line(
    damage: Callable[[Path], None], message: str, given: Path, posts: Path
) -> None:
    damage(posts)

    done = dvc(given, "repro", "ingest@given", check=False)

    errors = [line for line in done.stdout.splitlines() if "error" in line]
    assert done.returncode != 0
    assert len(errors) == 1
    assert re.match(message, errors[0])
    assert "Traceback" not in done.stdout


def test_bad_rows_are_named_and_the_counts_add_up(given: Path, posts: Path) -> None:
    lines = posts.read_text().split("\n")
    # Lines that hold a record each: texts may have line breaks.
    starts = [bool(re.match(r'"\d+","', line)) for line in lines]
    alone = [at for at, (one, after) in enumerate(pairwise(starts)) if one and after]
    destroyed, cut = alone[3], alone[-3]
    lines[destroyed] = re.sub(r'^"\d+"', '"1.0E+18"', lines[destroyed])
    lines[cut] = lines[cut][:40]
    posts.write_text("\n".join(lines))

    dvc(given, "repro", "ingest@given")
    run(given, sys.executable, "-m", "pipeline.counts", "--world", "given")

    rejected = pl.read_parquet(given / "data/given/canonical/rejected.parquet")
    named = rejected.select("file", "row", "rule").rows()
    assert (POSTS, destroyed + 1, "id_destroyed") in named
    assert (POSTS, cut + 1, "broken_quote") in named
