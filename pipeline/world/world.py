"""The demo world: eight campaigns of seven operators, their controls, the panel.

An archive is made in cells that know nothing of one another, so that memory does not
grow with the scale: a large network is many small ones that work alike.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.files import write_parquet
from pipeline.world import (
    agency,
    archive,
    changes,
    core_and_amplifiers,
    domestic_ring,
    dormant,
    mass_report,
    personas,
    repost_ring,
)
from pipeline.world.actions import ordinary_actions
from pipeline.world.archive import Archive
from pipeline.world.behaviour import Behaviour
from pipeline.world.keys import Texts
from pipeline.world.panel import PANEL
from pipeline.world.people import Setting, ordinary_people
from pipeline.world.posts import ordinary_posts
from pipeline.world.reactivation import be_old, split_lives
from pipeline.world.settings import Campaign, SimulateParams, setting
from pipeline.world.targets import resolve
from pipeline.world.truth import truth_of

EVEN = ((1.0, 1.0),)
CELL = 2_500
LEAST = 12
_CELLS_APART = 2**17


@dataclass(frozen=True)
class Plan:
    """One archive to make; `behaviour` is None for ordinary controls.

    hidden: share of the accounts that were never disclosed, among those that only
        amplify: they are written into `other`.
    noise: share of the accounts written into `other` by mistake.
    other: archive of the other class of the same operator; null in the panel.
    """

    name: str
    size: int
    setting: Setting
    behaviour: Behaviour | None
    label: int
    hidden: float = 0.0
    noise: float = 0.0
    other: str | None = None


def behaviours(params: SimulateParams) -> dict[str, tuple[str, Behaviour]]:
    """Campaign -> its operator and how it behaves, in the order of the seeds."""
    core = core_and_amplifiers.behaviour(params.amplifiers_per_core)
    return {
        "jetty": ("jetty", dormant.BEHAVIOUR),
        "harbour": ("harbour", core),
        "orchard": ("orchard", domestic_ring.BEHAVIOUR),
        "bureau_trade": ("bureau", agency.TRADE),
        "bureau_politics": ("bureau", agency.POLITICS),
        "carousel": ("carousel", repost_ring.BEHAVIOUR),
        "gavel": ("gavel", mass_report.BEHAVIOUR),
        "atelier": ("atelier", personas.BEHAVIOUR),
    }


def plans(params: SimulateParams) -> list[Plan]:
    """The archives of the world; their order fixes their seeds, so append only."""
    volumes = {
        "harbour": core_and_amplifiers.volume(params.amplifiers_per_core),
        "carousel": repost_ring.VOLUME,
    }
    windows = dict(params.operators)
    settings = {
        name: setting(
            params, window, volumes.get(name, EVEN), params.seed % 2**20 * 10 + number
        )
        for number, (name, window) in enumerate(
            [*windows.items(), ("panel", params.panel)]
        )
    }
    found = []
    noise = params.collection.label_noise
    first: dict[str, str] = {}
    for name, (operator, behaviour) in behaviours(params).items():
        campaign: Campaign = getattr(params.campaigns, name)
        first.setdefault(operator, name)
        place = replace(
            settings[operator],
            in_profiles=campaign.in_profiles,
            in_posts=campaign.in_posts,
        )
        shared = sum(other == operator for other, _ in behaviours(params).values())
        hidden = params.collection.hidden_positives * params.controls_each / shared
        found.append(
            Plan(
                name,
                _size(campaign.accounts + hidden, params.scale),
                place,
                behaviour,
                label=1,
                hidden=hidden / (campaign.accounts + hidden),
                noise=noise,
                other=f"ordinary_{operator}",
            )
        )
    for operator, campaign_name in first.items():
        size = _size(params.controls_each, params.scale)
        plan = Plan(f"ordinary_{operator}", size, settings[operator], None, label=0)
        found.append(replace(plan, noise=noise, other=campaign_name))
    for name, behaviour in PANEL.items():
        size = _size(params.panel_each, params.scale)
        found.append(Plan(name, size, settings["panel"], behaviour, label=0))
    return found


def _size(accounts: float, scale: float) -> int:
    return max(LEAST, round(accounts * scale))


def cells(plan: Plan) -> list[int]:
    """Accounts of each cell of an archive, as even as can be."""
    count = ceil(plan.size / CELL)
    return [len(part) for part in np.array_split(np.arange(plan.size), count)]


def make_archive(
    plan: Plan, params: SimulateParams, number: int
) -> Iterator[tuple[Archive, pl.DataFrame]]:
    """Each cell of one archive and its truth; depends on its plan, seed and number."""
    for cell, size in enumerate(cells(plan)):
        seeds = np.random.SeedSequence([params.seed, number, cell])
        yield _make_cell(plan, size, params, number, np.random.default_rng(seeds))


def _make_cell(
    plan: Plan, size: int, params: SimulateParams, number: int, rng: np.random.Generator
) -> tuple[Archive, pl.DataFrame]:
    people = ordinary_people(rng, size, plan.setting)
    ordinary = deepcopy(people)
    behaviour = plan.behaviour
    if behaviour:
        people.role[:] = plan.name
        behaviour.cast(people, plan.setting, rng)
    cast = changes.of_people(ordinary, people)
    asleep = people.sleeper & (plan.label == 0)
    be_old(people, asleep, plan.setting, rng)
    posts = ordinary_posts(people, plan.setting, rng)
    split_lives(posts, people, asleep, plan.setting, rng)
    usual = deepcopy(posts)
    if behaviour:
        behaviour.act(posts, people, plan.setting, rng)
    changed = changes.together(cast, changes.of_posts(usual, posts, size))
    resolve(posts, people, plan.setting, rng)
    posts.at -= posts.at % params.collection.minutes
    actions = ordinary_actions(posts, people, rng)
    if behaviour and behaviour.report:
        actions += behaviour.report(posts, people, plan.setting, rng)
    files = _files(plan, people.role, rng)
    made = archive.compose(
        plan.name,
        people,
        posts,
        actions,
        plan.setting,
        params.collection,
        files,
        number * _CELLS_APART,
        rng,
    )
    families = behaviour.families if behaviour else {}
    told = truth_of(
        plan.name, plan.label, files, families, changed, people, posts, made
    )
    return made, told


def _files(plan: Plan, roles: Texts, rng: np.random.Generator) -> Texts:
    """Archive that each account is written into: its own, but for errors of labels."""
    files = np.full(len(roles), plan.name, dtype=object)
    draw = rng.random((2, len(roles)))
    supporting = roles != "core"
    share = plan.hidden / max(supporting.mean(), plan.hidden, 1e-9)
    hidden = supporting & (draw[0] < share)
    files[hidden | (draw[1] < plan.noise)] = plan.other
    return files


def simulate(
    params: SimulateParams,
    out: Path,
    truth: Path,
    say: Callable[[str], None],
) -> None:
    """Write every archive of the world into `out`, and the truth apart from them.

    Args:
        params: the world.
        out: directory, there already, for three CSV files an archive.
        truth: parquet file of what each account really is; only tests and grading read
            it.
        say: told one line an archive.
    """
    truths = []
    for number, plan in enumerate(plans(params)):
        posts = 0
        for made, told in make_archive(plan, params, number):
            archive.append(made, out)
            truths.append(told)
            posts += made.posts.height
        say(f"{plan.name}: {plan.size:,} accounts, {posts:,} posts")
    write_parquet(pl.concat(truths), truth, sort_by=["account_id"])
