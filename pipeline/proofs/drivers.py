"""Whether what carries a network's scores is what makes it one, where that is known.

Only a simulated world knows how much of each account its operator changed, by family of
evidence (`truth.parquet`). The boosters are those of training that saw nothing of the
operator.
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
from features.errors import InputError
from models.training_sets import set_key
from pipeline.files import read_json
from pipeline.markdown import table
from pipeline.proofs.families import FAMILIES
from pipeline.stored_world import load_world

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# A family is a true one where this share of it, or more, is the operator's: no less than
# is left of the account's own. Most accounts have most families at a lower bar, so that
# to name a true one says little.
LEAST_CHANGED: Final = 0.5
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
        one_for_all: the same of the one family that is right most often, whoever it is.
        among: share with a true one among the `STRONGEST`.
        among_by_chance: the same of as many drawn at random.
        gain: log-odds that each family adds, mean, in order of FAMILIES.
        strongest: place in FAMILIES of the strongest one, an account.
    """

    operator: str
    accounts: int
    first: float
    first_by_chance: float
    one_for_all: float
    among: float
    among_by_chance: float
    gain: Sequence[float]
    strongest: Sequence[int]


def drivers(folder: Path, trained: Path) -> list[Carried]:
    """Each headline operator of a simulated world.

    Args:
        folder: a world's truth, labelled, folds and features.
        trained: boosters of that world and numbers of their trees.
    """
    world = load_world(folder)
    positives = world.labels.filter(label=1).select("account_id")
    trees: dict[str, Any] = read_json(trained / "trees.json")
    found = []
    for operator in world.headline:
        tested = world.members(operator).filter(side="test").select("account_id")
        ids = sorted(tested.join(positives, on="account_id")["account_id"])
        key = set_key("loco", operator, None)
        booster = lgb.Booster(model_file=trained / "boosters" / f"{key}.txt")
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
    """What operators changed in accounts, shape (n_accounts, n_families).

    Nothing in accounts of controls, nor in those that the truth does not know.
    """
    truth = pl.read_parquet(folder / "truth.parquet").filter(label=1)
    asked = pl.DataFrame({"account_id": account_ids}, schema={"account_id": pl.String})
    shares = asked.join(
        truth.select("account_id", "changed").unnest("changed"),
        on="account_id",
        how="left",
        maintain_order="left",
    )
    found: Flags = shares.select(FAMILIES).fill_null(0).to_numpy() >= LEAST_CHANGED
    return found


def carried(operator: str, gain: Floats, true: Flags) -> Carried:
    """Accounts without a true family are left out: no order could be right.

    Args:
        operator: held out.
        gain: of each family, shape (n_accounts, n_families).
        true: whether it is a true one, of the same shape.

    Raises:
        InputError: no account has a true family.
    """
    some = true.any(axis=1)
    if not some.any():
        raise InputError(
            f"operator {operator}: no account of which half of a family was changed; "
            "ask a world whose takedown accounts depart from people"
        )
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
        float(true.mean(axis=0).max()),
        float(hit[:, :STRONGEST].any(axis=1).mean()),
        fmean(1 - comb(families - count, STRONGEST) / drawn for count in counts),
        gain.mean(axis=0).tolist(),
        order[:, 0].tolist(),
    )


def same_strongest(some: Carried, others: Carried) -> tuple[float, float]:
    """Share of accounts whose strongest family is the same in both, and by chance.

    Chance leaves each side its families and deals them out anew.
    """
    one, other = np.array(some.strongest), np.array(others.strongest)
    shares = [
        np.bincount(places, minlength=len(FAMILIES)) / len(places)
        for places in (one, other)
    ]
    return float((one == other).mean()), float(shares[0] @ shares[1])


def as_table(found: Sequence[Carried], others: Sequence[Carried]) -> list[str]:
    """A row an operator, in Markdown, beside what other boosters rest on."""
    head = ["operator", "accounts", "strongest", "by chance", "one for all"]
    head += [f"among {STRONGEST}", "by chance", "as the others", "by chance"]
    rows = []
    for each, other in zip(found, others, strict=True):
        shares = (
            *(each.first, each.first_by_chance, each.one_for_all),
            *(each.among, each.among_by_chance),
            *same_strongest(each, other),
        )
        rows.append(
            [
                each.operator,
                str(each.accounts),
                *(f"{share:.2f}" for share in shares),
                *(f"{gain:+.2f}" for gain in each.gain),
            ]
        )
    return table([*head, *FAMILIES], rows)
