"""The demo world: five campaigns of four operators, their controls, two look-alikes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.files import write_parquet
from pipeline.world import (
    agency,
    archive,
    core_and_amplifiers,
    lookalikes,
    personas,
    repost_ring,
)
from pipeline.world.archive import Archive
from pipeline.world.behaviour import Behaviour
from pipeline.world.people import Setting, ordinary_people
from pipeline.world.posts import ordinary_posts
from pipeline.world.settings import SimulateParams, setting
from pipeline.world.targets import resolve
from pipeline.world.truth import truth_of

EVEN = ((1.0, 1.0),)


@dataclass(frozen=True)
class Plan:
    """One archive to make; `behaviour` is None for ordinary controls."""

    name: str
    size: int
    setting: Setting
    behaviour: Behaviour | None
    label: int


def plans(params: SimulateParams) -> list[Plan]:
    """The archives of the world; their order fixes their seeds, so append only."""
    sizes, operators = params.sizes, params.operators
    ratio = sizes.amplifiers_per_core
    windows = (
        (operators.harbour, core_and_amplifiers.volume(ratio)),
        (operators.atelier, EVEN),
        (operators.carousel, repost_ring.VOLUME),
        (operators.bureau, EVEN),
        (params.lookalikes, EVEN),
    )
    harbour, atelier, carousel, bureau, honest = (
        setting(params, window, volume, params.seed % 2**20 * 10 + number)
        for number, (window, volume) in enumerate(windows)
    )

    def plan(
        name: str, size: float, place: Setting, how: Behaviour | None, label: int
    ) -> Plan:
        return Plan(name, max(20, round(size * params.scale)), place, how, label)

    core = core_and_amplifiers.behaviour(ratio)
    ordinary = sizes.ordinary_each
    return [
        plan("harbour", sizes.core * (1 + ratio), harbour, core, 1),
        plan("atelier", sizes.personas, atelier, personas.BEHAVIOUR, 1),
        plan("carousel", sizes.ring, carousel, repost_ring.BEHAVIOUR, 1),
        plan("bureau_trade", sizes.bureau_trade, bureau, agency.TRADE, 1),
        plan("bureau_politics", sizes.bureau_politics, bureau, agency.POLITICS, 1),
        plan("ordinary_harbour", ordinary, harbour, None, 0),
        plan("ordinary_atelier", ordinary, atelier, None, 0),
        plan("ordinary_carousel", ordinary, carousel, None, 0),
        plan("ordinary_bureau", ordinary, bureau, None, 0),
        plan("newsroom_feed", sizes.lookalikes_each, honest, lookalikes.NEWSROOM, 0),
        plan("fandom", sizes.lookalikes_each, honest, lookalikes.FANDOM, 0),
    ]


def make_archive(plan: Plan, seed: int, number: int) -> tuple[Archive, pl.DataFrame]:
    """One archive and its truth; depends on its own plan, seed and number only."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, number]))
    people = ordinary_people(rng, plan.size, plan.setting)
    if plan.behaviour:
        plan.behaviour.cast(people, plan.setting, rng)
    posts = ordinary_posts(people, plan.setting, rng)
    if plan.behaviour:
        plan.behaviour.act(posts, people, plan.setting, rng)
    resolve(posts, people, plan.setting, rng)
    made = archive.compose(plan.name, people, posts, plan.setting, number, rng)
    families = plan.behaviour.families if plan.behaviour else {}
    return made, truth_of(plan.name, plan.label, families, people, posts, made)


def simulate(
    params: SimulateParams,
    out: Path,
    truth: Path,
    say: Callable[[str], None],
) -> None:
    """Write every archive of the world into `out`, and the truth apart from them.

    Args:
        params: the world.
        out: directory, there already, for two CSV files an archive.
        truth: parquet file of what each account really is; only tests read it.
        say: told one line an archive.
    """
    truths = []
    for number, plan in enumerate(plans(params)):
        made, told = make_archive(plan, params.seed, number)
        archive.write(made, plan.name, out)
        truths.append(told)
        say(f"{plan.name}: {made.users.height:,} accounts, {made.posts.height:,} posts")
    write_parquet(pl.concat(truths), truth, sort_by=["account_id"])
