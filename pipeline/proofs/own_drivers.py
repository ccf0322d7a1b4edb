"""Measure for true drivers: boosters that were trained on the operator itself.

Where even they rest on other families than those that accounts were made to show, what
was made is not what shows most, and boosters that never saw the operator cannot know.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from features.catalogue import FEATURES
from models.hashing import uniform
from models.training import Recipe, train_booster
from models.training_sets import set_key
from pipeline.proofs.drivers import Carried, carried, family_gains, true_families
from pipeline.stored_world import StoredWorld, load_world


def own_drivers(
    folder: Path, recipe: Recipe, say: Callable[[str], None]
) -> list[Carried]:
    """Each headline operator of a simulated world, by halves of it that judge each other.

    Args:
        folder: a world's truth, labelled, folds and features.
        recipe: of the boosters, which read every feature.
        say: told of each operator.
    """
    world = load_world(folder)
    found = []
    for operator in world.headline:
        found.append(_own(world, folder, operator, recipe))
        say(f"{operator}: {found[-1].first:.2f}")
    return found


def _own(world: StoredWorld, folder: Path, operator: str, recipe: Recipe) -> Carried:
    tested = world.members(operator).filter(side="test").select("account_id")
    known = tested.join(world.labels, on="account_id").sort("account_id")
    ids = known["account_id"].to_list()
    labels = known["label"].to_numpy()
    matrix = world.data.matrix(set_key("loco", operator, None))[world.data.rows(ids)]
    gain = np.zeros((len(ids), len(FEATURES)))
    late = uniform(ids, "half of an operator") < 0.5
    for half in (late, ~late):
        booster = train_booster(
            matrix[~half],
            labels[~half],
            np.ones(int((~half).sum())),
            [name for name, inside in zip(ids, half, strict=True) if not inside],
            FEATURES,
            recipe,
        )
        # The last column is what the booster expects of anybody.
        parts = booster.predict(matrix[half], pred_contrib=True)
        gain[half] = np.asarray(parts)[:, :-1]
    positive = labels == 1
    true = true_families(folder, known.filter(label=1)["account_id"].to_list())
    return carried(operator, family_gains(gain[positive]), true)
