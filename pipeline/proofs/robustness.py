"""Ways to train for operators that nobody has seen, side by side on the same folds.

Each is known to help somewhere. All grow the same number of trees from the same rows;
what is compared is how well they order the accounts of an operator left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, Final

import numpy as np
from sklearn.metrics import roc_auc_score

from models.matrix import Matrix
from models.metrics import recall_at_fpr
from models.nested import Rows, learn, rows_of
from models.training import Floats, Labels, Recipe, raw_scores
from models.training_sets import set_key
from pipeline.markdown import table
from pipeline.proofs.losses import Loss, believed, flat, non_negative, worst_operator
from pipeline.stored_world import StoredWorld

FPR: Final = 0.01
# Share of labels that are doubted, or of controls that may be undisclosed.
_DOUBT: Final = 0.05


@dataclass(frozen=True)
class Way:
    """One way to train.

    Attributes:
        changes: of the recipe.
        loss: the objective of these rows.
        bagged: a booster without each operator of the training side instead of one;
            the mean of them is what their trees, put together, come to.
        mixed: the accounts of another world are trained on too.
        alike: labels weigh alike, however far their source is believed.
    """

    changes: Mapping[str, Any]
    loss: Loss = lambda _: "binary"
    bagged: bool = False
    mixed: bool = False
    alike: bool = False


@dataclass(frozen=True)
class Found:
    """How well operators left out are found.

    Attributes:
        auc: operator -> AUC.
        recall: operator -> recall at FPR 1 % of its own controls, null where they are
            too few.
    """

    auc: Mapping[str, float]
    recall: Mapping[str, float | None]


WAYS: Final[Mapping[str, Way]] = {
    "as trained": Way({}),
    "every feature read": Way({"directed": [], "turn_margin": 0.5, "unread": []}),
    "without expected directions": Way({"monotone": False}),
    "weight moves to the worst operator": Way({}, worst_operator),
    "accounts alike, not operators": Way({"unit_power": 0.0}),
    "flat loss": Way({}, flat),
    "labels believed to 95 %": Way({}, believed(1 - _DOUBT, 1 - _DOUBT)),
    "5 % of each control counts as positive": Way({}, believed(1.0, 1 - _DOUBT)),
    "controls unlabelled, 5 % of them positive": Way({}, non_negative(_DOUBT)),
    "5 % of the controls spared": Way({"spared_controls": _DOUBT}),
    "every label weighs alike": Way({}, alike=True),
    "a booster without each operator": Way({}, bagged=True),
    "mixed with another world": Way({}, mixed=True),
}


def compare_ways(
    world: StoredWorld,
    recipe: Recipe,
    other: StoredWorld | None,
    say: Callable[[str], None],
    ways: Mapping[str, Way] = WAYS,
) -> dict[str, Found]:
    """Each way on every headline operator, by boosters that saw nothing of it.

    Args:
        world: stored features and folds.
        recipe: as trained; all trees are used.
        other: world to mix in; null leaves that way out.
        say: told one line a way.
        ways: to compare, by name.
    """
    found = {}
    for name, way in ways.items():
        if way.mixed and other is None:
            continue
        scored = {
            operator: _scores(
                world, operator, replace(recipe, **way.changes), way, other
            )
            for operator in world.headline
        }
        found[name] = Found(
            {o: float(roc_auc_score(labels, s)) for o, (s, labels) in scored.items()},
            {o: recall_at_fpr(*one, FPR).value for o, one in scored.items()},
        )
        say(f"{name}: mean AUC {fmean(found[name].auc.values()):.4f}")
    return found


def as_table(found: Mapping[str, Found]) -> list[str]:
    """A row a way: AUC of each operator, mean and worst, and recall, in Markdown."""
    operators = list(next(iter(found.values())).auc)
    rows = []
    for name, each in found.items():
        auc = list(each.auc.values())
        known = [recall for recall in each.recall.values() if recall is not None]
        summary = [fmean(auc), min(auc), fmean(known) if known else None]
        shown = [each.auc[operator] for operator in operators]
        rows.append([name, *(_number(value) for value in [*shown, *summary])])
    head = [*operators, "AUC, mean", "worst", f"recall at FPR {FPR:.0%}, mean"]
    return table(["way", *head], rows)


def _scores(
    world: StoredWorld,
    operator: str,
    recipe: Recipe,
    way: Way,
    other: StoredWorld | None,
) -> tuple[Floats, Labels]:
    """Raw scores of the operator's test side, and its labels."""
    members = world.members(operator)
    units = sorted(members.filter(side="train")["unit"].unique())
    keys = [
        set_key("loco", operator, unit) for unit in (units if way.bagged else [None])
    ]
    tested = world.data.rows(members.filter(side="test")["account_id"].to_list())
    scores = np.zeros(len(tested))
    for key in keys:
        rows = _rows(world, key)
        if way.mixed and other is not None:
            rows = _together(rows, _rows(other, "all"))
        if way.alike:
            rows = replace(rows, strengths=np.ones_like(rows.strengths))
        booster, _ = learn(rows, recipe, way.loss)
        matrix: Matrix = world.data.matrix(key)[tested]
        scores += raw_scores(booster, matrix, recipe.rounds) / len(keys)
    return scores, world.data.labels[tested]


def _rows(world: StoredWorld, key: str) -> Rows:
    [training] = [each for each in world.sets if each.key == key]
    return rows_of(world.data, training)


def _together(one: Rows, other: Rows) -> Rows:
    return Rows(
        np.vstack([one.matrix, other.matrix]),
        np.concatenate([one.labels, other.labels]),
        np.concatenate([one.units, other.units]),
        np.concatenate([one.strengths, other.strengths]),
        [*one.ids, *other.ids],
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
