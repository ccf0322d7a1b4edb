"""One small world and one full one, made once."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from pipeline.world.settings import SimulateParams
from pipeline.world.world import plans, simulate


def window(start: int, end: int, **more: object) -> dict[str, object]:
    return {
        "starts_at": datetime(start, 5, 1, tzinfo=UTC).isoformat(),
        "ends_at": datetime(end, 5, 1, tzinfo=UTC).isoformat(),
        "languages": {"en": 0.5, "qaa": 0.25, "qab": 0.25},
        **more,
    }


def make_params(**overrides: object) -> SimulateParams:
    values: dict[str, object] = {
        "seed": 7,
        "scale": 0.2,
        "sizes": {
            "core": 75,
            "amplifiers_per_core": 6.3,
            "personas": 350,
            "ring": 400,
            "bureau_trade": 280,
            "bureau_politics": 260,
            "ordinary_each": 920,
            "lookalikes_each": 130,
        },
        "volume": {"median": 30, "sigma": 1.05, "cap": 600},
        "quirky_share": 0.4,
        "operators": {
            "harbour": window(2018, 2020, separability=1.0),
            "atelier": window(2021, 2023, separability=1.0),
            "carousel": window(2019, 2021, separability=1.0),
            "bureau": window(2019, 2021, separability=1.0),
        },
        "lookalikes": window(2019, 2021),
    }
    return SimulateParams.model_validate({**values, **overrides})


class World:
    """A simulated world as its readers find it: every cell as text."""

    def __init__(self, params: SimulateParams, directory: Path) -> None:
        self.raw = directory / "raw"
        self.raw.mkdir()
        self.lines: list[str] = []
        truth = directory / "truth.parquet"
        simulate(params, self.raw, truth, self.lines.append)
        self.truth = pl.read_parquet(truth)
        self.labels = {plan.name: plan.label for plan in plans(params)}
        self.users = self._read("users")
        self.posts = self._read("tweets")

    def _read(self, table: str) -> pl.DataFrame:
        return pl.concat(
            pl.read_csv(
                self.raw / f"{name}_{table}_csv_hashed.csv",
                infer_schema=False,
            )
            .fill_null("")
            .with_columns(source=pl.lit(name), label=pl.lit(label))
            for name, label in self.labels.items()
        )


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(make_params(), tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def full_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(make_params(scale=1.0), tmp_path_factory.mktemp("full"))
