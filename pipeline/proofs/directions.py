"""How much choosing the families that need a direction flatters itself.

The choice of `train.directed` was made among a few rules with the figures of all
operators in sight. Here it is made again without each operator, and judged on that one.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Final

import polars as pl
from sklearn.metrics import roc_auc_score

from features.feature import Family
from pipeline.evaluate import load_campaigns
from pipeline.markdown import table
from pipeline.params import Params
from pipeline.proofs.chain import score_world
from pipeline.proofs.families import FAMILIES

# No family, the one whose counts are known to turn round, that one with another, and the
# three in use.
RULES: Final[dict[str, list[Family]]] = {
    "none": [],
    "profile": ["profile"],
    **{f"profile and {one}": ["profile", one] for one in FAMILIES if one != "profile"},
    "profile, content and clients": ["profile", "content", "clients"],
}


@dataclass(frozen=True)
class Judged:
    """AUC on operators that the boosters of a rule did not see.

    Attributes:
        unseen: operator -> AUC on it, by boosters trained on all others.
        inner: operator -> AUC on each other one, by boosters that saw neither: what
            one knows of the rule without looking at the operator.
    """

    unseen: Mapping[str, float]
    inner: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Choice:
    """What the rule chosen without an operator is worth on it.

    Attributes:
        rule: the best by `inner` of that operator.
        claimed: AUC on the operators that chose, mean.
        had: AUC on the operator that had no say.
    """

    rule: str
    claimed: float
    had: float


def judge_rules(
    folder: Path,
    params: Params,
    say: Callable[[str], None],
    rules: Mapping[str, Sequence[Family]] = RULES,
) -> dict[str, Judged]:
    """Each rule on every headline operator, and on those that remain without it.

    Args:
        folder: a world's labelled, folds and features.
        params: of training; `train.directed` is what differs.
        say: told one line a rule.
        rules: families of which only features with a direction are read, by name.
    """
    campaigns = load_campaigns(folder / "labelled")
    operators = sorted({c.operator for c in campaigns if c.in_headline})
    found = {}
    for name, directed in rules.items():
        recipe = params.train.model_copy(update={"directed": list(directed)})
        with tempfile.TemporaryDirectory() as out:
            scored = score_world(folder, ("loco",), recipe, params.calibrate, Path(out))
        found[name] = judged = _judged(scored, operators)
        say(f"{name}: mean AUC {fmean(judged.unseen.values()):.4f}")
    return found


def choose_without(found: Mapping[str, Judged]) -> dict[str, Choice]:
    """For each operator the rule that is best on the others, the first of equals."""
    operators = next(iter(found.values())).unseen
    choices = {}
    for operator in operators:
        means = {name: fmean(j.inner[operator].values()) for name, j in found.items()}
        rule = max(means, key=lambda name: means[name])
        choices[operator] = Choice(rule, means[rule], found[rule].unseen[operator])
    return choices


def best_in_sight(found: Mapping[str, Judged]) -> tuple[str, float]:
    """The rule with the greatest mean AUC on all operators, and that mean."""
    means = {name: fmean(j.unseen.values()) for name, j in found.items()}
    rule = max(means, key=lambda name: means[name])
    return rule, means[rule]


def as_table(found: Mapping[str, Judged]) -> list[str]:
    """A row a rule, then what the choice claims and what it has, in Markdown."""
    operators = list(next(iter(found.values())).unseen)
    rows = [
        [name, *(f"{judged.unseen[o]:.3f}" for o in operators), _mean(judged)]
        for name, judged in found.items()
    ]
    choices = choose_without(found)
    had = fmean(choice.had for choice in choices.values())
    nested = [f"{choices[o].had:.3f} ({choices[o].rule})" for o in operators]
    rows.append(["the rule chosen without it", *nested, f"{had:.3f}"])
    rule, mean = best_in_sight(found)
    return [
        *table(["no direction, not read", *operators, "mean"], rows),
        "",
        f"Chosen with all operators in sight: {rule}, mean AUC {mean:.4f}. Chosen "
        f"without the operator that it is judged on: {had:.4f}. Optimism of the choice: "
        f"{mean - had:+.4f}.",
    ]


def _mean(judged: Judged) -> str:
    return f"{fmean(judged.unseen.values()):.3f}"


def _judged(scored: pl.DataFrame, operators: Sequence[str]) -> Judged:
    ours = scored.filter(pl.col("model") == "telltale")
    unseen, inner = {}, {}
    for operator in operators:
        rows = ours.filter(pl.col("fold") == operator)
        unseen[operator] = _auc(rows.filter(pl.col("part") == "test"))
        units = rows.filter(pl.col("part") == "inner")
        inner[operator] = {
            other: _auc(units.filter(pl.col("unit") == other))
            for other in operators
            if other != operator
        }
    return Judged(unseen, inner)


def _auc(rows: pl.DataFrame) -> float:
    return float(roc_auc_score(rows["label"].to_numpy(), rows["raw_score"].to_numpy()))
