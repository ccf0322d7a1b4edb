"""Which features carry over to operators that no booster saw, one by one.

By what an unseen operator's figures lose if the values of one feature are dealt out anew
among its accounts (models.permutation), by what the feature tells alone in the direction
that the other operators show, and by how many campaigns and sources it points which way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.catalogue import FEATURES
from models.hashing import uniform
from models.matrix import Matrix
from models.permutation import deal, losses, told
from models.single import judge
from models.training import Floats, Labels, raw_scores
from models.training_sets import set_key
from models.transfer import MOST
from pipeline.files import read_json
from pipeline.proofs.families import FAMILIES
from pipeline.stored_world import StoredWorld

NAMES: Final = [feature.name for feature in FEATURES]
# Of a family: its columns are dealt out together.
_COLUMNS: Final[dict[str, list[int]]] = {
    family: [place for place, f in enumerate(FEATURES) if f.family == family]
    for family in FAMILIES
}
# An operator counts for a feature, or against it, from so many standard errors.
SURE: Final = 2


@dataclass(frozen=True)
class Unseen:
    """Accounts of one operator, and a booster that saw none of them.

    Attributes:
        booster: with all its trees.
        trees: how many of them count.
        matrix: values, shape (n_accounts, n_features).
        labels: 1 or 0.
        ids: of the accounts.
    """

    booster: lgb.Booster
    trees: int
    matrix: Matrix
    labels: Labels
    ids: list[str]

    def score(self, matrix: Matrix) -> Floats:
        """Log-odds, shape (n_accounts,)."""
        return raw_scores(self.booster, matrix, self.trees)

    def whole(self) -> Floats:
        """Figures with every feature as it is, see models.permutation.LOSSES."""
        return told(self.score(self.matrix), self.labels)

    def lost(self, asked: Mapping[str, Sequence[int]], deals: int) -> dict[str, Floats]:
        """See models.permutation.losses; nothing of what the booster does not read."""
        splits = self.booster.feature_importance("split", iteration=self.trees)
        read = {n: columns for n, columns in asked.items() if splits[columns].any()}
        orders = deal(self.ids, "ranking", deals)
        found = losses(self.score, self.matrix, self.labels, read, orders)
        nothing = np.tile(self.whole() - self.whole(), (deals, 1))
        return {name: found.get(name, nothing) for name in asked}


@dataclass(frozen=True)
class Ranked:
    """One feature or family.

    Attributes:
        name: of it.
        lost: operator -> what its figures lose, shape (n_deals, 3).
    """

    name: str
    lost: Mapping[str, Floats]

    def by_operator(self, figure: int = 0) -> dict[str, float]:
        """Mean loss of each operator."""
        return {name: float(rows[:, figure].mean()) for name, rows in self.lost.items()}

    def mean(self, figure: int = 0) -> float:
        """Mean over operators; NaN where one has no such figure."""
        return fmean(self.by_operator(figure).values())

    def count(self, sign: int) -> int:
        """Operators of which it is sure that it helps (1), or that it misleads (-1)."""
        counted = 0
        for rows in self.lost.values():
            deals = rows[:, 0]
            error = deals.std(ddof=1) / np.sqrt(len(deals))
            counted += bool(sign * deals.mean() > SURE * error)
        return counted


def unseen(
    world: StoredWorld, folder: Path, operator: str, also: str | None = None
) -> Unseen:
    """The test side of an operator; with `also`, that one's accounts instead.

    Of each class at most models.transfer.MOST accounts.

    Args:
        world: stored features and folds.
        folder: of the world, with what train wrote.
        operator: left out of training.
        also: another one left out of it.

    Raises:
        InputError: train has not run.
    """
    trees: dict[str, Any] = read_json(folder / "trained" / "trees.json")
    key = set_key("loco", operator, also)
    booster = lgb.Booster(model_file=folder / "trained" / "boosters" / f"{key}.txt")
    matrix, labels, ids = accounts(world, operator, also)
    return Unseen(booster, trees[f"loco/{operator}"], matrix, labels, ids)


def accounts(
    world: StoredWorld, operator: str, also: str | None = None
) -> tuple[Matrix, Labels, list[str]]:
    """Values, labels and ids that `unseen` looks at."""
    members = world.members(operator)
    here = members.filter(side="test") if also is None else members.filter(unit=also)
    rows = world.data.rows(sorted(here["account_id"]))
    rows = _some(rows, world)
    matrix = world.data.matrix(set_key("loco", operator, also))[rows]
    return matrix, world.data.labels[rows], [world.data.ids[row] for row in rows]


def _some(rows: NDArray[np.int64], world: StoredWorld) -> NDArray[np.int64]:
    drawn = uniform([world.data.ids[row] for row in rows], "ranking")
    chosen = []
    for label in (0, 1):
        own = np.flatnonzero(world.data.labels[rows] == label)
        chosen.append(rows[own[np.argsort(drawn[own], kind="stable")[:MOST]]])
    return np.sort(np.concatenate(chosen))


def rank(found: Mapping[str, Unseen], deals: int) -> tuple[list[Ranked], list[Ranked]]:
    """Features and families, those first without which most precision is lost.

    Args:
        found: operator -> its accounts, and a booster that saw none of them.
        deals: times that values are dealt out.
    """
    singles = {name: [place] for place, name in enumerate(NAMES)}
    lost = {o: one.lost({**singles, **_COLUMNS}, deals) for o, one in found.items()}
    features, families = (
        [Ranked(name, {o: rows[name] for o, rows in lost.items()}) for name in names]
        for names in (NAMES, FAMILIES)
    )
    return ordered(features), ordered(families)


def ordered(ranked: Iterable[Ranked]) -> list[Ranked]:
    """By mean loss of average precision, equal ones by name."""
    return sorted(ranked, key=lambda one: (-one.mean(), one.name))


Alone = dict[str, float | None]


@dataclass(frozen=True)
class Pointing:
    """What one feature tells alone: AUC of its value, below 0.5 if controls are higher.

    Attributes:
        operators: headline operators; null where a class has fewer than 20 values.
        campaigns: of each campaign against the controls of its operator.
        sources: the same of each source of positives.
    """

    operators: Alone
    campaigns: Alone
    sources: Alone

    def carried(self) -> Alone:
        """AUC on each operator, in the direction that the others show on average."""
        found: Alone = {}
        for operator, own in self.operators.items():
            others = [
                auc - 0.5
                for name, auc in self.operators.items()
                if name != operator and auc is not None
            ]
            if own is None or not others:
                found[operator] = None
            else:
                found[operator] = own if fmean(others) >= 0 else 1 - own
        return found


def directions(world: StoredWorld) -> dict[str, Pointing]:
    """Each feature alone, with the fitted values of boosters without the operator."""
    folds = sorted(world.folds["fold"].unique())
    parts: dict[str, list[pl.DataFrame]] = {"block": [], "campaign": [], "source": []}
    known = world.labels.select("account_id", "label", *parts)
    for fold in folds:
        _, _, ids = accounts(world, fold)
        rows = world.data.values(set_key("loco", fold, None)).join(
            known.filter(pl.col("account_id").is_in(ids)), on="account_id"
        )
        positives, controls = rows.filter(label=1), rows.filter(label=0)
        for column, found in parts.items():
            for own in positives.sort(column).partition_by(column, maintain_order=True):
                name = pl.lit(own[column][0], pl.String)
                both = pl.concat([own, controls])
                # As if each were one campaign, with these controls in a block of its own.
                found.append(both.with_columns(block=name, campaign=name))
    within = {
        column: {n: s.within for n, s in judge(pl.concat(found), FEATURES).items()}
        for column, found in parts.items()
    }
    return {
        name: Pointing(
            {o: within["block"][name].get(o) for o in world.headline},
            within["campaign"][name],
            within["source"][name],
        )
        for name in NAMES
    }
