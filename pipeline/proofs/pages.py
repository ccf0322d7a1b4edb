"""What each proof found, as Markdown for docs/experiments.md."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.metrics import FIGURES
from pipeline.evidence_params import EvidenceParams
from pipeline.markdown import table
from pipeline.params import Params
from pipeline.proofs.ablation import WITH_ALL, ablate
from pipeline.proofs.chain import SIMULATED
from pipeline.proofs.directions import as_table as rules_table
from pipeline.proofs.directions import judge_rules
from pipeline.proofs.hidden import Found, find_at_random, find_one_role
from pipeline.proofs.nested import nested_search, optimism
from pipeline.proofs.robustness import as_table as ways_table
from pipeline.proofs.robustness import compare_ways
from pipeline.proofs.seeds import Seed, model_seeds, spread, world_seeds
from pipeline.stage import say
from pipeline.stored_world import load_world
from pipeline.tune import with_values


@dataclass(frozen=True)
class Job:
    """What a proof works on."""

    world: str
    params: Params

    @property
    def folder(self) -> Path:
        return Path("data") / self.world

    @property
    def out(self) -> Path:
        return Path("artifacts") / self.world / "evidence"

    @property
    def asked(self) -> EvidenceParams:
        return self.params.evidence


def prove_model_seeds(job: Job) -> list[str]:
    """Markdown: every figure over several seeds of the model."""
    found = model_seeds(job.folder, job.params, job.asked.model_seeds, say)
    return [
        "### Seeds of the model",
        "",
        f"World `{job.world}`, campaigns never seen; the data are the same, the boosters "
        "grow with another seed.",
        "",
        *_figures_table(found),
    ]


def prove_world_seeds(job: Job) -> list[str]:
    """Markdown: every figure over several simulated worlds."""
    found = world_seeds(job.params, job.asked.world_seeds, say)
    return [
        "### Other simulated worlds",
        "",
        f"Worlds like `{SIMULATED}` with other seeds, campaigns never seen; the model's "
        "seed stays.",
        "",
        *_figures_table(found),
    ]


def prove_family_ablation(job: Job) -> list[str]:
    """Markdown: figures without each family of features, and with each alone."""
    found = ablate(job.folder, job.params, say)
    shown = {"auc": 0, "auc, worst": 1, "average_precision": 0, "brier_skill": 0}
    rows = []
    for name, figures in found.items():
        values = [figures[key.split(",")[0]][place] for key, place in shown.items()]
        gain = _difference(found[WITH_ALL]["auc"][0], figures["auc"][0])
        rows.append([name, *map(number, values), gain])
    return [
        "### Families of features",
        "",
        f"World `{job.world}`, campaigns never seen; boosters, trees and calibrators made "
        "anew each time. The last column is the mean AUC with all families less this one.",
        "",
        *table(["features", *shown, "lost"], rows),
    ]


def prove_nested_search(job: Job) -> list[str]:
    """Markdown: gain that a search claims, and gain on an operator without a say."""
    few = {"trials": job.asked.nested_trials}
    found = nested_search(
        load_world(job.folder),
        with_values(job.params.train, job.asked.nested_start),
        job.params.tune.model_copy(update=few),
        Path("artifacts") / job.world / "tuning" / "studies.db",
        say,
    )
    rows = [
        [
            each.operator,
            str(each.trial),
            f"{each.claimed:+.4f}",
            f"{each.start:.4f}",
            f"{each.chosen:.4f}",
            f"{each.gained:+.4f}",
        ]
        for each in found
    ]
    head = ["operator", "trial", "claimed", "start", "chosen", "gained"]
    return [
        "### Optimism of the search",
        "",
        f"World `{job.world}`, {job.asked.nested_trials} trials each, without one "
        "operator at a time. Average precision, classes weighing alike; `claimed`: mean "
        "gain over the start on the operators that chose, `gained`: on the one that had "
        "no say.",
        "",
        *table(head, rows),
        "",
        f"Claimed less gained, mean: {optimism(found):+.4f}.",
    ]


def prove_direction_rule(job: Job) -> list[str]:
    """Markdown: what the choice of families that need a direction is worth."""
    return [
        "### Optimism of the rule of directions",
        "",
        f"World `{job.world}`, AUC on operators never seen. Of the named families only "
        "features with an expected direction are read. In the last row each operator "
        "is judged with the rule that is best on the others, by boosters that saw "
        "neither.",
        "",
        *rules_table(judge_rules(job.folder, job.params, say)),
    ]


def prove_robustness(job: Job) -> list[str]:
    """Markdown: ways to train for operators that nobody has seen.

    Mixed with the first other world, by name, whose features are there.
    """
    finished = sorted(Path("data").glob("*/features/fitted.parquet"))
    others = [path.parents[1] for path in finished if path.parents[1] != job.folder]
    other = load_world(others[0]) if others else None
    mixed = f"; mixed with: `{others[0].name}`" if others else ""
    return [
        "### Ways to train for the next operator",
        "",
        f"World `{job.world}`, operators never seen, {job.params.train.rounds} trees "
        f"each{mixed}.",
        "",
        *ways_table(
            compare_ways(load_world(job.folder), job.params.train.recipe(), other, say)
        ),
    ]


def prove_hidden_at_random(job: Job) -> list[str]:
    """Markdown: share of planted accounts, estimated where labels miss at random."""
    return _planted(
        "### Hidden positives, missing at random",
        "Positives of every operator put among its controls, drawn at random. Beside the "
        "estimate: what one would count without it, the controls with a probability "
        "above one half at the share that the labels show.",
        find_at_random,
        job,
    )


def prove_hidden_role(job: Job) -> list[str]:
    """Markdown: bounds for planted accounts where only one role was disclosed."""
    return _planted(
        "### Hidden positives, one role disclosed",
        "Of the operator with two roles only the core is disclosed; amplifiers are put "
        "among its controls.",
        find_one_role,
        job,
    )


def _planted(
    title: str, what: str, find: Callable[[Params, int, float], Found], job: Job
) -> list[str]:
    first, share = job.params.simulate.seed + 1, job.asked.planted_share
    found = {}
    for seed in range(first, first + job.asked.planted_worlds):
        found[seed] = each = find(job.params, seed, share)
        say(
            f"world seed {seed}: truth {each.truth:.3f}, said {number(each.share)} "
            f"[{each.low:.3f}, {each.high:.3f}]"
        )
    rows = [
        [str(seed), *map(number, (f.truth, f.share, f.low, f.high, f.above_half))]
        for seed, f in found.items()
    ]
    known = [f.share is not None for f in found.values()]
    held = sum(f.low <= f.truth <= f.high for f in found.values())
    close = sum(abs((f.share or 0.0) - f.truth) <= 0.03 for f in found.values())
    excess = sum(f.high - f.truth <= 0.15 for f in found.values())
    counted = sum(abs(f.above_half - f.truth) <= 0.03 for f in found.values())
    return [
        title,
        "",
        f"{what} {share:.0%} of the controls, {len(rows)} simulated worlds.",
        "",
        *table(["seed", "truth", "share", "low", "high", "above one half"], rows),
        "",
        f"Truth within [low, high]: {held} of {len(rows)}. "
        + (
            f"Estimate within 3 points: {close}; count above one half: {counted}."
            if all(known)
            else f"Upper bound at most 15 points above the truth: {excess}."
        ),
    ]


def _figures_table(found: dict[int, Seed]) -> list[str]:
    values: dict[str, list[float | None]] = {}
    for name in FIGURES:
        for place, what in enumerate(("mean", "worst")):
            own = [seed.figures[name][place] for seed in found.values()]
            values[f"{name}, {what}"] = own
    for seed in found.values():
        for name, value in seed.bars.items():
            values.setdefault(name, []).append(value)
    rows = []
    for name, own in values.items():
        over = spread(own)
        summary = ["-"] * 3 if over is None else [number(v) for v in over[1:]]
        rows.append([name, *map(number, own), *summary])
    return table(["figure", *map(str, found), "sd", "least", "most"], rows)


def number(value: float | None) -> str:
    """With three decimals; a dash for none."""
    return "-" if value is None else f"{value:.3f}"


def _difference(one: float | None, other: float | None) -> str:
    return "-" if one is None or other is None else f"{one - other:+.3f}"
