"""Whether what carries a network's scores is what makes it one, where that is known.

Only a simulated world knows the families of evidence that each account was made to leave
(`truth.parquet`). The boosters are those of training that saw nothing of the operator.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.catalogue import FEATURES
from models.training_sets import set_key
from pipeline.files import read_json
from pipeline.markdown import table
from pipeline.proofs.ablation import FAMILIES
from pipeline.stored_world import load_world

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Families looked at beside the strongest one.
STRONGEST: Final = 3


@dataclass(frozen=True)
class Carried:
    """What carries the takedown accounts of an operator that is held out.

    Attributes:
        operator: held out.
        accounts: takedown accounts with a true family that the model reads.
        first: share whose strongest family is a true one.
        first_by_chance: the same of a family drawn at random.
        among: share with a true one among the `STRONGEST`.
        among_by_chance: the same of as many drawn at random.
        gain: log-odds that each family adds, mean, in order of FAMILIES.
    """

    operator: str
    accounts: int
    first: float
    first_by_chance: float
    among: float
    among_by_chance: float
    gain: Sequence[float]


def drivers(folder: Path) -> list[Carried]:
    """Each headline operator of a simulated world.

    Args:
        folder: a world's truth, labelled, folds, features and trained.
    """
    world = load_world(folder)
    positives = world.labels.filter(label=1).select("account_id")
    trees: dict[str, Any] = read_json(folder / "trained" / "trees.json")
    found = []
    for operator in world.headline:
        tested = world.members(operator).filter(side="test").select("account_id")
        ids = sorted(tested.join(positives, on="account_id")["account_id"])
        key = set_key("loco", operator, None)
        booster = lgb.Booster(model_file=folder / "trained" / "boosters" / f"{key}.txt")
        parts = booster.predict(
            world.data.matrix(key)[world.data.rows(ids)],
            num_iteration=trees[f"loco/{operator}"],
            pred_contrib=True,
        )
        # The last column is what the booster expects of anybody.
        gain = family_gains(np.asarray(parts)[:, :-1])
        found.append(carried(operator, gain, true_families(folder, ids)))
    return found


def family_gains(added: Floats) -> Floats:
    """Log-odds that each family adds, shape (n_accounts, n_families).

    Args:
        added: by each feature, shape (n_accounts, n_features).
    """
    member = [[f.family == family for family in FAMILIES] for f in FEATURES]
    found: Floats = added @ np.array(member, dtype=np.float64)
    return found


def true_families(folder: Path, account_ids: Sequence[str]) -> Flags:
    """What accounts were made to show, shape (n_accounts, n_families)."""
    truth = pl.read_parquet(folder / "truth.parquet").filter(label=1)
    shown = dict(truth.select("account_id", "behaviours").iter_rows())
    return np.array(
        [[f in shown.get(name, ()) for f in FAMILIES] for name in account_ids],
        dtype=bool,
    ).reshape(-1, len(FAMILIES))


def carried(operator: str, gain: Floats, true: Flags) -> Carried:
    """Accounts without a true family are left out: no order could be right.

    Args:
        operator: held out.
        gain: of each family, shape (n_accounts, n_families).
        true: whether it is a true one, of the same shape.
    """
    some = true.any(axis=1)
    gain, true = gain[some], true[some]
    order = np.argsort(-gain, axis=1, kind="stable")
    hit = np.take_along_axis(true, order, axis=1)
    families = true.shape[1]
    counts = true.sum(axis=1).tolist()
    drawn = comb(families, STRONGEST)
    return Carried(
        operator,
        len(gain),
        float(hit[:, 0].mean()),
        fmean(count / families for count in counts),
        float(hit[:, :STRONGEST].any(axis=1).mean()),
        fmean(1 - comb(families - count, STRONGEST) / drawn for count in counts),
        gain.mean(axis=0).tolist(),
    )


def as_table(found: Sequence[Carried]) -> list[str]:
    """A row an operator, in Markdown."""
    head = ["operator", "accounts", "strongest", "by chance"]
    head += [f"among {STRONGEST}", "by chance", *FAMILIES]
    rows = [
        [
            each.operator,
            str(each.accounts),
            *(
                f"{share:.2f}"
                for share in (
                    each.first,
                    each.first_by_chance,
                    each.among,
                    each.among_by_chance,
                )
            ),
            *(f"{gain:+.2f}" for gain in each.gain),
        ]
        for each in found
    ]
    return table(head, rows)
