"""Parameters of the simulated world: the section `simulate` of params.yaml."""

import hashlib
import json
from typing import Annotated, Final, Literal

from pydantic import Field

from pipeline.section import Moment, Section
from pipeline.world.keys import MINUTES_A_DAY
from pipeline.world.people import Setting
from pipeline.world.press import Press
from pipeline.world.vocabulary import CODES

# Of the knobs whose difficulty was set to that of published takedowns; no model work may
# change them (docs/decisions/0011-demo-world.md).
CALIBRATED: Final = "942a80dc5298c21cf92264a2037784768890e5040025b5938782dd0abfaa4753"

Count = Annotated[int, Field(ge=2)]
Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(gt=0)]
Code = Literal["en", "qaa", "qab", "qac", "qad"]


class Window(Section):
    """When accounts are seen, and in which languages they write."""

    starts_at: Moment
    ends_at: Moment
    # Language -> weight; weights need not sum to 1.
    languages: dict[Code, Factor]


class Operators(Section):
    """The seven operators of the world."""

    jetty: Window
    harbour: Window
    orchard: Window
    bureau: Window
    carousel: Window
    gavel: Window
    atelier: Window


class Campaign(Section):
    """Size at scale 1, and how far a campaign departs from ordinary people."""

    accounts: Count
    in_profiles: Share
    in_posts: Share


class Campaigns(Section):
    """The eight campaigns of the world."""

    jetty: Campaign
    harbour: Campaign
    orchard: Campaign
    bureau_trade: Campaign
    bureau_politics: Campaign
    carousel: Campaign
    gavel: Campaign
    atelier: Campaign


class Volume(Section):
    """Posts an account: log-normal, capped."""

    median: Factor
    sigma: Factor
    cap: Count


class Collection(Section):
    """What the archives get wrong or leave out, in every class alike."""

    hidden_positives: Share
    label_noise: Annotated[float, Field(ge=0, le=0.5)]
    missing_fields: Share
    hashed_below: Annotated[int, Field(ge=0)]
    minutes: Annotated[int, Field(ge=1, le=1440)]


class SimulateParams(Section):
    """The whole world."""

    seed: Annotated[int, Field(ge=0)]
    scale: Annotated[float, Field(gt=0, le=10)]
    controls_each: Count
    panel_each: Count
    amplifiers_per_core: Factor
    volume: Volume
    quirky_share: Share
    adversary_budget: Share
    collection: Collection
    operators: Operators
    campaigns: Campaigns
    panel: Window


def knobs_digest(params: SimulateParams) -> str:
    """Hash of everything that defines the world but its seed and its scale."""
    knobs = params.model_dump(mode="json", exclude={"seed", "scale"})
    return hashlib.sha256(json.dumps(knobs, sort_keys=True).encode()).hexdigest()


def setting(
    params: SimulateParams,
    window: Window,
    volume: tuple[tuple[float, float], ...],
    press_seed: int,
) -> Setting:
    """Facts shared by the archives of one window.

    Args:
        params: the world.
        window: of an operator, or of the panel.
        volume: share of each role and the factor of its number of posts.
        press_seed: the press of that window.
    """
    start = int(window.starts_at.timestamp()) // 60
    end = int(window.ends_at.timestamp()) // 60
    total = sum(window.languages.values())
    return Setting(
        start=start,
        end=end,
        languages=tuple(CODES.index(code) for code in window.languages),
        weights=tuple(weight / total for weight in window.languages.values()),
        volume=volume,
        posts_median=params.volume.median,
        posts_sigma=params.volume.sigma,
        posts_cap=params.volume.cap,
        quirky_share=params.quirky_share,
        press=Press(seed=press_seed, start=start - 200 * MINUTES_A_DAY),
        evading=params.adversary_budget,
    )
