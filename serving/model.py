"""The served model: a bundle, who it is, and how it answers parsed accounts."""

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.build import count_posts
from features.catalogue import FEATURES
from features.errors import ArtefactError
from models.bands import band_of
from models.bundle import Bundle, bundle_hash, load_bundle
from models.scorer import Scores, score
from serving.contract import TOP, Explain
from serving.parsing import ParsedItem, tables
from serving.receipt import receipt


@dataclass(frozen=True)
class ServedModel:
    """A loaded champion.

    Attributes:
        bundle: the model.
        hash: of the bundle's files.
        champion: champion.json: name, version, run_id, world, gates, card.
    """

    bundle: Bundle
    hash: str
    champion: Mapping[str, Any]

    @property
    def name(self) -> dict[str, str]:
        """The `model` block of every answer."""
        return {
            "name": str(self.champion["name"]),
            "version": str(self.champion["version"]),
            "fingerprint": self.hash,
            "world": str(self.bundle.description["world"]),
        }


def load_model(directory: Path) -> ServedModel:
    """The champion in a directory: bundle/ and champion.json.

    Raises:
        ArtefactError: one of them is missing, damaged, or made by other code.
    """
    bundle = load_bundle(directory / "bundle")
    try:
        champion = json.loads((directory / "champion.json").read_text(encoding="utf-8"))
        for key in ("name", "version", "card", "gates"):
            champion[key]
    except (OSError, ValueError, KeyError, TypeError):
        raise ArtefactError(
            f"{directory}/champion.json: missing or damaged; package the champion again"
        ) from None
    return ServedModel(bundle, bundle_hash(directory / "bundle"), champion)


def answer(
    model: ServedModel,
    items: Sequence[ParsedItem],
    prevalence: float | None,
    explain: Explain,
) -> list[dict[str, Any]]:
    """The `results` of accounts with different ids, in their order.

    Args:
        model: the champion.
        items: parsed accounts.
        prevalence: share to assume; null for the bundle's default.
        explain: how much of the explanation to give.
    """
    if not items:
        return []
    accounts, posts = tables(items)
    # One thread a request: each worker has others to answer beside it.
    explained = explain != "none"
    scores = score(
        model.bundle, accounts, posts, prevalence, with_reasons=explained, threads=1
    )
    rows = explanations(model, scores, explain) if explained else [None] * len(items)
    moments = accounts["as_of"].dt.strftime("%Y-%m-%dT%H:%M:%SZ").to_list()
    results = []
    for index, item in enumerate(items):
        reason = str(scores.abstained[index]) or None
        known = reason is None
        results.append(
            {
                "account_id": item.account_id,
                "as_of": moments[index],
                "outcome": "scored" if known else "abstained",
                "bot_probability": float(scores.probabilities[index])
                if known
                else None,
                "interval": scores.intervals[index].tolist() if known else None,
                "receipt": receipt(item, model.hash, scores.prevalence),
                "reason": reason,
                "explanation": rows[index] if known else None,
                "error": None,
            }
        )
    return results


_FACTS: Final = [(f.name, f.group, f.family, f.label, f.unit) for f in FEATURES]


def explanations(
    model: ServedModel,
    scores: Scores,
    explain: Explain,
) -> list[dict[str, Any]]:
    """The `explanation` of each account: features in order, or the strongest ones.

    Args:
        model: the champion.
        scores: of these accounts, with reasons.
        explain: "full" or "top".
    """
    assert scores.reasons is not None
    bands = [band_of(count) for count in scores.n_posts]
    values = scores.values.drop("account_id").rows()
    why = scores.reasons.drop("account_id").rows()
    found = []
    for row, (known, reason, band) in enumerate(zip(values, why, bands, strict=True)):
        parts = scores.explanation.contributions[row]
        value = [None if one is None else float(one) for one in known]
        chosen = range(len(FEATURES)) if explain == "full" else strongest(parts)
        found.append(
            {
                "base": float(scores.explanation.base[row]),
                "prevalence_shift": scores.explanation.prevalence_shift,
                "contributions": [
                    {
                        "feature": _FACTS[i][0],
                        "group": _FACTS[i][1],
                        "family": _FACTS[i][2],
                        "label": _FACTS[i][3],
                        "unit": _FACTS[i][4],
                        "value": value[i],
                        "missing_reason": reason[i],
                        "contribution": float(parts[i]),
                        "percentile": percentile(
                            model.bundle, band, _FACTS[i][0], value[i]
                        ),
                    }
                    for i in chosen
                ],
            }
        )
    return found


def strongest(parts: NDArray[np.float64]) -> list[int]:
    """Places of the TOP strongest contributions for and of the TOP against.

    Strongest first; equal ones in order of features.
    """
    order = sorted(range(len(parts)), key=lambda i: (-abs(parts[i]), i))
    in_favour = [i for i in order if parts[i] > 0][:TOP]
    against = [i for i in order if parts[i] < 0][:TOP]
    return sorted(in_favour + against, key=lambda i: (-abs(parts[i]), i))


def post_bands(accounts: pl.DataFrame, posts: pl.DataFrame) -> list[str]:
    """Band of posts of each account, as the bundle's quantiles name it."""
    return [band_of(count) for count in count_posts(accounts, posts)]


def percentile(
    bundle: Bundle, band: str, feature: str, value: float | None
) -> float | None:
    """Share of controls of the same band, in percent, whose value is not larger."""
    cuts = bundle.quantiles.get(band, {}).get(feature)
    if value is None or not cuts:
        return None
    return 100.0 * bisect_right(cuts, value) / len(cuts)
