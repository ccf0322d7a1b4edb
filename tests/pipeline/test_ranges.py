"""No stored value of any world lies outside of the range that its feature declares."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from pydantic import TypeAdapter

from features.artefacts import Artefacts
from features.build import build_features, prepare_fit
from features.catalogue import CATALOGUE
from features.coactivity import COACTIVITY
from features.feature import Feature
from features.population import Population
from pipeline.canonical_posts import scan_posts
from pipeline.ingest import ingest
from pipeline.sources.source import Source
from tests.pipeline.conftest import TinyWorld

# One author in so many of each public archive.
EVERY = 25


def outside(
    values: pl.DataFrame, features: Sequence[Feature] = CATALOGUE
) -> dict[str, tuple[float, float]]:
    """Feature -> its least and its greatest value, where they are not in its range.

    Names and figures only: nothing of an account.
    """
    found = {}
    for measure in features:
        if measure.name not in values.columns:
            continue
        known = values[measure.name].drop_nulls().cast(pl.Float64)
        low, high = measure.range
        fits = known.is_finite()
        fits &= True if low is None else known >= low
        fits &= True if high is None else known <= high
        if not fits.all():
            found[measure.name] = (float(known.min()), float(known.max()))  # type: ignore[arg-type]
    return found


def test_the_simulated_world(tiny_world: TinyWorld) -> None:
    tables = [
        tiny_world.table(f"features/{name}")
        for name in ("features", "fitted", "population")
    ]

    assert [outside(table) for table in tables] == [{}, {}, {}]
    assert {f.name for f in CATALOGUE} <= {c for t in tables for c in t.columns}


def public_tables(
    public_data: Path, root: Path, folder: Path
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Canonical tables of every source of `public`, posts of a few authors each."""
    params: dict[str, Any] = yaml.safe_load((root / "params.yaml").read_text())
    adapter: TypeAdapter[list[Source]] = TypeAdapter(list[Source])
    sources = adapter.validate_python(params["sources"]["public"])
    raw = folder / "raw"
    for source in sources:
        for name in (file for files in source.files.values() for file in files):
            (raw / name).parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(".parquet"):
                _of_few(public_data / name, raw / name)
            else:
                (raw / name).symlink_to(public_data / name)
    ingest(sources, raw, folder / "canonical", folder / "ingest.json")
    accounts = pl.read_parquet(folder / "canonical" / "accounts.parquet")
    return accounts, scan_posts(folder / "canonical").collect()


def _of_few(given: Path, target: Path) -> None:
    """Posts of some authors; all these archives name the author first."""
    posts = pl.scan_parquet(given)
    author = posts.collect_schema().names()[0]
    authors = posts.select(author).unique().sort(author).collect()
    some = authors.gather_every(EVERY).lazy()
    posts.join(some, on=author, how="semi").collect().write_parquet(target)


@pytest.mark.public_data
@pytest.mark.slow
def test_the_public_world(public_data: Path, root: Path, tmp_path: Path) -> None:
    accounts, posts = public_tables(public_data, root, tmp_path)
    fitted = Artefacts.fit(*prepare_fit(accounts, posts))
    around = Population.of(posts, accounts)

    values = build_features(accounts, posts, fitted)
    shared = build_features(accounts, posts, None, COACTIVITY, around)

    assert outside(values) == outside(shared) == {}
    known = [c for c in values.columns if values[c].null_count() < values.height]
    assert len(known) > len(values.columns) / 2


@pytest.mark.parametrize("value", [-0.001, 1.001, float("inf"), float("nan")])
def test_a_value_outside_of_its_range_is_named(value: float) -> None:
    share = next(f for f in CATALOGUE if f.range == (0, 1))
    within = pl.DataFrame({share.name: [0.0, 0.5, None, 1.0]})

    assert outside(within) == {}
    assert set(outside(within.vstack(pl.DataFrame({share.name: [value]})))) == {
        share.name
    }
