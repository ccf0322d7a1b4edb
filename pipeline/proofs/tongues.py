"""Languages: what the model owes to features that follow them, and to having seen them.

Each operator left out is scored by boosters that read no language, by ones that read
nothing of what accounts write, and, language by language, by ones that learnt from no
account of it. The same line for all languages, as where parity is judged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from features.catalogue import FEATURES
from models.language import RATES, language_block
from models.metrics import threshold_at_fpr
from models.nested import Rows, learn, rows_of
from models.training import Floats, Labels, Recipe, raw_scores
from models.training_sets import set_key
from pipeline.languages import languages
from pipeline.markdown import table
from pipeline.stored_world import StoredWorld

OWN: Final = "its own language left out"
# How often posts change their language, and whether it is the declared one.
_OF_LANGUAGE: Final = frozenset(
    feature.name
    for feature in FEATURES
    if feature.counted == "tagged" or any("language" in c for c in feature.inputs())
)
# Shape and style of what accounts write, which follow the language unsaid.
_WRITTEN: Final = frozenset({"name", "handle", "bio", "content", "wording", "copying"})
_OF_WRITING: Final = _OF_LANGUAGE | {
    feature.name
    for feature in FEATURES
    if feature.group in _WRITTEN or feature.group == "style"
}
# Way -> features that its boosters do not read.
BLIND: Final[Mapping[str, frozenset[str]]] = {
    "as trained": frozenset(),
    "no feature of languages": _OF_LANGUAGE,
    "no feature of what is written": _OF_WRITING,
}
_LEAST: Final = 10


@dataclass(frozen=True)
class Spoken:
    """How accounts of one language fare with operators left out.

    Attributes:
        accounts: takedown accounts and controls.
        auc: among themselves, mean over operators that have ten of each class; null
            where none has.
        flagged: rate of models.language.RATES -> share of takedown accounts, and of
            controls, above the line that flags this share of all controls of the fold;
            null where no fold has controls enough.
    """

    accounts: tuple[int, int]
    auc: float | None
    flagged: Mapping[float, tuple[float | None, float | None]]


@dataclass(frozen=True)
class Way:
    """What one way of training does.

    Attributes:
        auc: of operators left out, mean and worst; null where it has boosters for one
            language at a time.
        bounds: rate -> lower bound of the ratio of two languages' controls flagged.
        languages: language -> how its accounts fare.
    """

    auc: tuple[float, float] | None
    bounds: Mapping[float, float | None]
    languages: Mapping[str, Spoken]


@dataclass(frozen=True)
class _Tested:
    """Scores of an operator's test side."""

    scores: Floats
    labels: Labels
    spoken: NDArray[np.str_]


def leave_out_languages(
    world: StoredWorld,
    canonical: Path,
    recipe: Recipe,
    least: int,
    confidence: float,
    say: Callable[[str], None],
) -> dict[str, Way]:
    """Each of BLIND, and OWN, on every headline operator.

    Args:
        world: stored features and folds.
        canonical: tables of ingest, for languages.
        recipe: as trained; all trees are used.
        least: controls of a language that is looked at, over all operators.
        confidence: of bounds.
        say: told one line an operator.
    """
    said = dict(languages(canonical).iter_rows())
    spoken = np.array([said.get(account) or "" for account in world.data.ids])
    tested: dict[str, dict[str, _Tested]] = {name: {} for name in BLIND}
    own: dict[str, dict[str, _Tested]] = {}
    for operator in world.headline:
        key = set_key("loco", operator, None)
        [training] = [each for each in world.sets if each.key == key]
        rows = rows_of(world.data, training)
        learnt = spoken[world.data.rows(rows.ids)]
        side = world.members(operator).filter(side="test")["account_id"].to_list()
        places = world.data.rows(side)
        matrix, labels = world.data.matrix(key)[places], world.data.labels[places]

        def score(rows: Rows, unread: frozenset[str]) -> Floats:
            blind = replace(recipe, unread=[*recipe.unread, *sorted(unread)])
            booster, _ = learn(rows, blind)
            return raw_scores(booster, matrix, recipe.rounds)  # noqa: B023 - called here

        for name, unread in BLIND.items():
            scores = score(rows, unread)
            tested[name][operator] = _Tested(scores, labels, spoken[places])
        for language in _numerous(spoken, world.data.labels, least):
            if language in spoken[places]:
                scores = score(rows.where(learnt != language), frozenset())
                found = _Tested(scores, labels, spoken[places])
                own.setdefault(language, {})[operator] = found
        say(f"{operator}: {len(own)} languages left out so far")
    return {
        **{
            name: Way(
                _over_operators(each),
                _bounds(each, least, confidence),
                {language: _fares(each, language) for language in sorted(own)},
            )
            for name, each in tested.items()
        },
        OWN: Way(None, {}, {name: _fares(own[name], name) for name in sorted(own)}),
    }


def ways_table(found: Mapping[str, Way]) -> list[str]:
    """A row a way that has one booster for all languages, in Markdown."""
    rows = [
        [
            name,
            *map(_number, way.auc),
            *(_number(way.bounds[rate]) for rate in RATES),
        ]
        for name, way in found.items()
        if way.auc
    ]
    bounds = [f"ratio of two languages at {rate:.0%}, at least" for rate in RATES]
    return table(["boosters read", "AUC, mean", "worst", *bounds], rows)


def languages_table(found: Mapping[str, Way]) -> list[str]:
    """A row a language and way, in Markdown."""
    rows = [
        [
            language,
            *(f"{count:,}" for count in way.languages[language].accounts),
            name,
            _number(way.languages[language].auc),
            *(
                _number(share)
                for rate in RATES
                for share in way.languages[language].flagged[rate]
            ),
        ]
        for language in found[OWN].languages
        for name, way in found.items()
    ]
    shares = [
        head for rate in RATES for head in (f"found at {rate:.0%}", "controls flagged")
    ]
    head = ["language", "takedown accounts", "controls", "way", "AUC"]
    return table([*head, *shares], rows)


def _numerous(spoken: NDArray[np.str_], labels: Labels, least: int) -> list[str]:
    """Languages with so many controls, sorted."""
    names, counts = np.unique(spoken[labels == 0], return_counts=True)
    return [str(n) for n, k in zip(names, counts, strict=True) if n and k >= least]


def _over_operators(tested: Mapping[str, _Tested]) -> tuple[float, float]:
    aucs = [float(roc_auc_score(one.labels, one.scores)) for one in tested.values()]
    return fmean(aucs), min(aucs)


def _bounds(
    tested: Mapping[str, _Tested], least: int, confidence: float
) -> dict[float, float | None]:
    rows = pl.concat(
        pl.DataFrame(
            {
                "fold": [operator] * len(one.labels),
                "label": one.labels,
                "logit": one.scores,
                "language": [name or None for name in one.spoken.tolist()],
            },
            schema_overrides={"language": pl.String},
        )
        for operator, one in tested.items()
    )
    block = language_block(rows, least, confidence)
    return {rate: block[f"fpr_{rate:g}"].get("low") for rate in RATES}


def _fares(tested: Mapping[str, _Tested], language: str) -> Spoken:
    aucs, counts = [], np.zeros(2, dtype=np.int64)
    above = {rate: np.zeros((2, 2)) for rate in RATES}
    for one in tested.values():
        inside = one.spoken == language
        sizes = np.array([(inside & (one.labels == label)).sum() for label in (1, 0)])
        counts += sizes
        if sizes.min() >= _LEAST:
            aucs.append(float(roc_auc_score(one.labels[inside], one.scores[inside])))
        for rate in RATES:
            limit = threshold_at_fpr(one.scores[one.labels == 0], rate)
            if limit is not None:
                hit = inside & (one.scores > limit)
                hits = [(hit & (one.labels == label)).sum() for label in (1, 0)]
                above[rate] += np.array([hits, sizes])
    return Spoken(
        (int(counts[0]), int(counts[1])),
        fmean(aucs) if aucs else None,
        {rate: (_share(*a[:, 0]), _share(*a[:, 1])) for rate, a in above.items()},
    )


def _share(hits: float, of: float) -> float | None:
    return float(hits / of) if of else None


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
