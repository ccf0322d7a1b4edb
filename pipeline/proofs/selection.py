"""Whether a smaller set of features, chosen by ranking, carries over as well as all.

A rule names the features to leave out, given their ranking. In sight of the answer the
ranking is that of the operator to be judged and all others; nested, it is that of the
others alone, by boosters that saw neither them nor it. The two differ by the optimism of
the choice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Final

from models.nested import learn, rows_of
from models.permutation import LOSSES
from models.training import Floats, Recipe
from models.training_sets import set_key
from pipeline.proofs.ranking import Ranked, Unseen, rank, unseen
from pipeline.stored_world import StoredWorld

Rule = Callable[[Sequence[Ranked]], list[str]]


def _beyond(first: int) -> Rule:
    return lambda ranked: [one.name for one in ranked[first:]]


# What each leaves out, of the features in order.
RULES: Final[dict[str, Rule]] = {
    "that no operator gains by": lambda ranked: [
        one.name for one in ranked if max(one.by_operator().values()) <= 0
    ],
    "without gain on average": lambda ranked: [
        one.name for one in ranked if one.mean() <= 0
    ],
    "beyond the first 50": _beyond(50),
    "beyond the first 25": _beyond(25),
}


@dataclass(frozen=True)
class Chosen:
    """What a rule leaves out for one operator, and what remains worth there.

    Attributes:
        dropped: features left out, sorted.
        figures: on the operator, by a booster that saw nothing of it and does not read
            them; see models.permutation.LOSSES.
    """

    dropped: list[str]
    figures: Floats


@dataclass(frozen=True)
class Judged:
    """One rule, by operator: in sight of it, and without a look at it."""

    in_sight: Mapping[str, Chosen]
    nested: Mapping[str, Chosen]


def judge_rules(
    world: StoredWorld,
    folder: Path,
    recipe: Recipe,
    deals: int,
    say: Callable[[str], None],
    rules: Mapping[str, Rule] = RULES,
) -> tuple[dict[str, Floats], dict[str, Judged]]:
    """Figures of each operator with all features, and each rule.

    Args:
        world: stored features and folds.
        folder: of the world, with what train wrote.
        recipe: that it trained by.
        deals: times that values are dealt out.
        say: told one line a ranking and a rule.
        rules: what to leave out, by name.
    """
    operators = world.headline
    found = {operator: unseen(world, folder, operator) for operator in operators}
    whole = {operator: one.whole() for operator, one in found.items()}
    in_sight, _ = rank(found, deals)
    without: dict[str, list[Ranked]] = {}
    for operator in operators:
        others = [other for other in operators if other != operator]
        pairs = {other: unseen(world, folder, operator, other) for other in others}
        without[operator], _ = rank(pairs, deals)
        say(f"ranked without {operator}; first: {without[operator][0].name}")
    judged = {}
    for name, rule in rules.items():
        known = dict.fromkeys(operators, in_sight)
        judged[name] = one = Judged(
            *(
                {o: _chosen(world, found[o], o, rule(by[o]), recipe) for o in operators}
                for by in (known, without)
            )
        )
        say(f"{name}: {mean(one.in_sight):.4f} in sight, {mean(one.nested):.4f} nested")
    return whole, judged


def _chosen(
    world: StoredWorld,
    judged: Unseen,
    operator: str,
    dropped: Sequence[str],
    recipe: Recipe,
) -> Chosen:
    key = set_key("loco", operator, None)
    [training] = [one for one in world.sets if one.key == key]
    fewer = replace(recipe, unread=[*recipe.unread, *dropped])
    booster, _ = learn(rows_of(world.data, training), fewer)
    return Chosen(sorted(dropped), replace(judged, booster=booster).whole())


def mean(chosen: Mapping[str, Chosen], figure: str = LOSSES[0]) -> float:
    """Mean over operators of one figure."""
    place = LOSSES.index(figure)
    return fmean(float(one.figures[place]) for one in chosen.values())
