"""One small world and a larger one, made once, with the committed parameters."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipeline.world.settings import SimulateParams
from pipeline.world.world import plans, simulate

ROOT = Path(__file__).parents[3]


def make_params(**overrides: Any) -> SimulateParams:
    """The committed section, smaller; mappings are merged, one level deep."""
    values: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text())
    section: dict[str, Any] = values["simulate"] | {"scale": 0.06}
    for name, value in overrides.items():
        old = section[name]
        section[name] = old | value if isinstance(old, dict) else value
    return SimulateParams.model_validate(section)


def share_of(flags: pl.Series) -> float:
    return float(flags.sum() / flags.len())


class World:
    """A simulated world as its readers find it: every cell as text."""

    def __init__(self, params: SimulateParams, directory: Path) -> None:
        self.raw = directory / "raw"
        self.raw.mkdir()
        self.lines: list[str] = []
        truth = directory / "truth.parquet"
        simulate(params, self.raw, truth, self.lines.append)
        self.truth = pl.read_parquet(truth)
        self.plans = plans(params)
        self.users = self._read("users_csv_hashed")
        self.posts = self._read("tweets_csv_hashed")
        self.actions = self._read("actions")

    def _read(self, table: str) -> pl.DataFrame:
        return pl.concat(
            pl.read_csv(self.raw / f"{plan.name}_{table}.csv", infer_schema=False)
            .fill_null("")
            .with_columns(source=pl.lit(plan.name), label=pl.lit(plan.label))
            for plan in self.plans
        )


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(make_params(), tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def full_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(make_params(scale=0.3), tmp_path_factory.mktemp("full"))
