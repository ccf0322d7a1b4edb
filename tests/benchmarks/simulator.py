"""How fast the demo world is written: posts a second, with the committed parameters."""

import tempfile
import time
from pathlib import Path
from typing import Final

from pipeline.section import load_section
from pipeline.world.settings import SimulateParams
from pipeline.world.world import make_archive, plans, simulate
from tests.benchmarks.row import Row

SCALE: Final = 0.2


def simulator() -> list[Row]:
    """Write a fifth of the world; what of the time is making it, and what writing."""
    params: SimulateParams = load_section(
        Path("params.yaml"), "simulate", SimulateParams
    ).model_copy(update={"scale": SCALE})
    started = time.perf_counter()
    posts = sum(
        made.posts.height
        for number, plan in enumerate(plans(params))
        for made, _ in make_archive(plan, params, number)
    )
    made = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as name:
        raw = Path(name) / "raw"
        raw.mkdir()
        started = time.perf_counter()
        simulate(params, raw, Path(name) / "truth.parquet", lambda line: None)
        written = time.perf_counter() - started
    what = f"{posts:,} posts of {sum(plan.size for plan in plans(params)):,} accounts"
    return [
        Row("simulator", f"{what}, to CSV", round(posts / written), "posts/s"),
        Row("simulator_made", f"{what}, in memory", round(posts / made), "posts/s"),
    ]
