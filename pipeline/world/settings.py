"""Parameters of the simulated world: the section `simulate` of params.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.section import Moment, Section
from pipeline.world.keys import MINUTES_A_DAY
from pipeline.world.people import Setting
from pipeline.world.press import Press
from pipeline.world.vocabulary import CODES

Count = Annotated[int, Field(ge=2)]
Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(gt=0)]
Code = Literal["en", "qaa", "qab"]


class Window(Section):
    """When accounts are seen, and in which languages they write."""

    starts_at: Moment
    ends_at: Moment
    # Language -> weight; weights need not sum to 1.
    languages: dict[Code, Factor]


class Operator(Window):
    """An operator's window, shared by its controls, and how much it departs."""

    separability: Share


class Operators(Section):
    """The four operators of the world."""

    harbour: Operator
    atelier: Operator
    carousel: Operator
    bureau: Operator


class Sizes(Section):
    """Accounts at scale 1."""

    core: Count
    amplifiers_per_core: Factor
    personas: Count
    ring: Count
    bureau_trade: Count
    bureau_politics: Count
    ordinary_each: Count
    lookalikes_each: Count


class Volume(Section):
    """Posts an account: log-normal, capped."""

    median: Factor
    sigma: Factor
    cap: Count


class SimulateParams(Section):
    """The whole world."""

    seed: Annotated[int, Field(ge=0)]
    scale: Annotated[float, Field(gt=0, le=4)]
    sizes: Sizes
    volume: Volume
    quirky_share: Share
    operators: Operators
    lookalikes: Window


def setting(
    params: SimulateParams,
    window: Window,
    volume: tuple[tuple[float, float], ...],
    press_seed: int,
) -> Setting:
    """Facts shared by the archives of one window.

    Args:
        params: the world.
        window: of an operator, or of the look-alikes.
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
        separability=(window.separability if isinstance(window, Operator) else 1.0),
        press=Press(seed=press_seed, start=start - 200 * MINUTES_A_DAY),
    )
