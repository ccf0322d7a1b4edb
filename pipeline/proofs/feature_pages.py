"""What proofs found of single features, as Markdown and, where it is long, as JSON."""

from collections.abc import Mapping
from math import isnan
from statistics import fmean, pstdev
from typing import Any

from features.catalogue import feature
from models.permutation import LOSSES
from models.training import Floats
from pipeline.files import write_json
from pipeline.markdown import table
from pipeline.proofs.pages import Job
from pipeline.proofs.ranking import (
    SURE,
    Alone,
    Pointing,
    Ranked,
    directions,
    rank,
    unseen,
)
from pipeline.proofs.selection import Judged, judge_rules, mean
from pipeline.stage import say
from pipeline.stored_world import load_world

RANKING = "feature-ranking"
_HEAD = ("average precision", "least", "spread", "helps", "misleads", "auc", "recall")


def prove_feature_ranking(job: Job) -> list[str]:
    """Markdown: every feature by what unseen operators lose without its values.

    The same, operator by operator, goes into a JSON file beside.
    """
    world = load_world(job.folder)
    found = {o: unseen(world, job.folder, o) for o in world.headline}
    features, families = rank(found, job.asked.deals)
    pointing = directions(world)
    margin = job.params.train.turn_margin
    whole = {operator: one.whole() for operator, one in found.items()}
    write_json(
        {
            "world": job.world,
            "figures": {operator: _figures(row) for operator, row in whole.items()},
            "families": [_row(one) for one in families],
            "features": [
                _row(one)
                | {
                    "family": feature(one.name).family,
                    "carried": pointing[one.name].carried(),
                    "operators": pointing[one.name].operators,
                    "campaigns": pointing[one.name].campaigns,
                    "sources": pointing[one.name].sources,
                }
                for one in features
            ],
        },
        job.out / f"{RANKING}.json",
    )
    gainless = [one for one in features if max(one.by_operator().values()) <= 0]
    idle = [
        one
        for one in gainless
        if not any(rows[:, 0].any() for rows in one.lost.values())
    ]
    rows = [
        [
            str(place),
            one.name,
            feature(one.name).family,
            *_cells(one),
            *_alone(pointing[one.name], margin),
        ]
        for place, one in enumerate(features, start=1)
    ]
    return [
        "### Features by what carries over",
        "",
        f"World `{job.world}`, operators that the booster did not see: what their "
        "figures lose if the values of one feature, missing ones included, are dealt "
        f"out anew among their accounts, {job.asked.deals} times; below 0 it misled. "
        "Average precision with both classes weighing alike; recall at FPR 1 %. Mean "
        "over operators, least of them, standard deviation between them, and operators "
        f"of which it is sure ({SURE} standard errors of the deals) that the feature "
        "helps or misleads. Features that say the same stand in for one another, so "
        "that each alone loses little: families stand beside, their features dealt out "
        "together.",
        "",
        *table(["family", *_HEAD], [[one.name, *_cells(one)] for one in families]),
        "",
        "`alone`: AUC of the value alone on an operator, in the direction that the "
        "other operators show on average, mean and least; then campaigns and sources "
        f"for which takedown accounts are higher / lower, {margin:g} from 0.5.",
        "",
        *table(
            ["", "feature", "family", *_HEAD, "alone", "least", "campaigns", "sources"],
            rows,
        ),
        "",
        f"No operator gains by {len(gainless)} of {len(features)}; {len(idle)} of these "
        "change no figure, nearly all because no booster reads them.",
    ]


def prove_feature_selection(job: Job) -> list[str]:
    """Markdown: whether fewer features, chosen by ranking, do as well."""
    whole, judged = judge_rules(
        load_world(job.folder),
        job.folder,
        job.params.train.recipe(),
        job.asked.deals,
        say,
    )
    everything = fmean(float(row[0]) for row in whole.values())
    rows = [["all", "0", *_means(whole), "", *_means(whole), ""]]
    rows += [[name, *_judged_cells(one)] for name, one in judged.items()]
    chosen = {name: mean(one.in_sight) for name, one in judged.items()}
    best = max(chosen, key=lambda name: chosen[name])
    had = mean(judged[best].nested)
    by_operator = [
        [
            operator,
            f"{whole[operator][0]:.4f}",
            *(f"{one.in_sight[operator].figures[0]:.4f}" for one in judged.values()),
            *(f"{one.nested[operator].figures[0]:.4f}" for one in judged.values()),
        ]
        for operator in whole
    ]
    head = ["average precision", "auc", "recall"]
    return [
        "### A smaller set of features, chosen by ranking",
        "",
        f"World `{job.world}`, operators never seen, boosters of the same numbers of "
        "trees grown anew without the features that a rule names. `in sight`: ranked "
        "with the operator to be judged; `nested`: ranked by the others alone, by "
        "boosters that saw neither.",
        "",
        *table(
            [
                "left out",
                "features",
                *(f"{name}, in sight" for name in head),
                "features",
                *(f"{name}, nested" for name in head),
                "optimism",
            ],
            rows,
        ),
        "",
        f"Best in sight: {best}, average precision {chosen[best]:.4f}, all features "
        f"{everything:.4f}. Chosen without the operator that it is judged on: {had:.4f}.",
        "",
        *table(
            [
                "average precision",
                "all",
                *(f"{name}, in sight" for name in judged),
                *(f"{name}, nested" for name in judged),
            ],
            by_operator,
        ),
    ]


def _judged_cells(one: Judged) -> list[str]:
    cells = []
    for part in (one.in_sight, one.nested):
        counts = [len(chosen.dropped) for chosen in part.values()]
        low, high = min(counts), max(counts)
        cells.append(str(low) if low == high else f"{low} to {high}")
        cells += _means({o: chosen.figures for o, chosen in part.items()})
    return [*cells, f"{mean(one.in_sight) - mean(one.nested):+.4f}"]


def _means(by_operator: Mapping[str, Floats]) -> list[str]:
    return [
        _number(fmean(float(row[place]) for row in by_operator.values()))
        for place in range(len(LOSSES))
    ]


def _cells(one: Ranked) -> list[str]:
    by_operator = list(one.by_operator().values())
    return [
        f"{one.mean():+.4f}",
        f"{min(by_operator):+.4f}",
        f"{pstdev(by_operator):.4f}",
        str(one.count(1)),
        str(one.count(-1)),
        *(_signed(one.mean(LOSSES.index(n))) for n in LOSSES[1:]),
    ]


def _alone(pointing: Pointing, margin: float) -> list[str]:
    known = [auc for auc in pointing.carried().values() if auc is not None]
    alone = [f"{fmean(known):.2f}", f"{min(known):.2f}"] if known else ["-", "-"]
    return [
        *alone,
        _ways(pointing.campaigns, margin),
        _ways(pointing.sources, margin),
    ]


def _ways(alone: Alone, margin: float) -> str:
    known = [auc for auc in alone.values() if auc is not None]
    higher = sum(auc > 0.5 + margin for auc in known)
    lower = sum(auc < 0.5 - margin for auc in known)
    return f"{higher} / {lower} of {len(known)}" if known else "-"


def _row(one: Ranked) -> dict[str, Any]:
    return {
        "name": one.name,
        "helps": one.count(1),
        "misleads": one.count(-1),
        "lost": {
            operator: _figures(rows.mean(axis=0)) for operator, rows in one.lost.items()
        },
    }


def _figures(row: Floats) -> dict[str, float | None]:
    values = zip(LOSSES, row.tolist(), strict=True)
    return {name: None if isnan(value) else round(value, 6) for name, value in values}


def _signed(value: float) -> str:
    return "-" if isnan(value) else f"{value:+.4f}"


def _number(value: float) -> str:
    return "-" if isnan(value) else f"{value:.4f}"
