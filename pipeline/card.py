"""Model card: what the model is, how good it is, and what it cannot tell; generated."""

from typing import Any

from features.catalogue import FEATURES
from models.bundle import Bundle
from models.coverage import SERVED_RECALL
from models.evaluation import headline_lead, rounded, shared_campaigns
from models.metrics import FIGURES
from pipeline.doubt_card import doubt_lines
from pipeline.label_card import label_lines

_LABELS = {
    "platform": "removed by a platform as part of an operation",
    "purchase": "bought from a vendor of fake followers",
    "honeypot": "caught by honeypot accounts",
    "expert": "judged inauthentic by people",
    "weak": "labelled by a rule or another model",
    "reviewer": "judged so by Telltale's reviewers",
}


def model_card(
    metrics: dict[str, Any], campaigns: list[dict[str, Any]], bundle: Bundle
) -> str:
    """Markdown of the card; every figure comes from the stored metrics."""
    world = bundle.description["world"]
    loco, gated = metrics["loco"], metrics["audit"]["panel"]["slices"]
    kinds = sorted({kind for c in campaigns for kind in c["kinds"]})
    meaning = "; ".join(f"{_LABELS[kind]} ({kind})" for kind in kinds)
    lines = [f"# Model card: telltale-{world}", ""]
    if world == "demo":
        lines += [
            "**Trained on a simulated world: not for real accounts.** The figures test "
            "the machinery and say nothing about detection in the real world.",
            "",
        ]
    lines += [
        "## What a score means",
        "",
        f'The account resembles accounts that were: {meaning}. It never means "is a '
        'bot": automated, coordinated and inauthentic are different things, and this '
        "label is none of them alone.",
        "",
        "## Unseen takedowns",
        "",
        "Each campaign was scored by a model that had seen none of its operator's "
        "accounts and none of the controls it is judged against. Within each fold both "
        "classes were masked alike, value by value (docs/decisions/0004-masks.md); "
        "requests are not masked.",
        "",
        "| figure | mean | worst | interval by operator | campaigns in the mean |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {_n(loco[name]['mean'])} | {_n(loco[name]['worst'])} | "
            f"{_n(loco[name]['ci_low'])} to {_n(loco[name]['ci_high'])} | "
            f"{loco[name]['over']} of {loco[name]['of']} |"
            for name in FIGURES
        ),
        "",
        "A campaign without a figure is in no mean of it: recall and partial AUC at FPR "
        "1 % need 300 controls.",
        "",
        "| campaign | operator | accounts | controls | AUC | average precision | ECE | "
        "Brier skill | recall at FPR 1 % | "
        "scored | recall at FPR 1 %, abstained not flagged | in headline |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    operators = {c["name"]: c["operator"] for c in campaigns}
    for name, row in loco["campaigns"].items():
        served = metrics["abstention"]["campaigns"].get(name)
        scored = None if served is None else rounded(1 - served["share"])
        recall = None if served is None else served[SERVED_RECALL]
        shown = "yes" if row["in_headline"] else f"no: {row['reason']}"
        lines.append(
            f"| {name} | {operators[name]} | {row['n_pos']} | {row['n_neg']} | "
            f"{_n(row['auc'])} | {_n(row['average_precision'])} | {_n(row['ece'])} | "
            f"{_n(row['brier_skill'])} | {_n(row['recall_at_fpr_0.01'])} | {_n(scored)} | "
            f"{_n(recall)} | {shown} |"
        )
    lines += [
        "",
        "All accounts count in these figures, also those to whom the service gives no "
        "score. Scored: the share that gets one; beside it recall "
        "at the same threshold if nobody without a score is flagged, as in service.",
    ]
    splits = bundle.booster.feature_importance("split")
    unused = [f.name for f, n in zip(FEATURES, splits, strict=True) if not n]
    weak = [
        name
        for name, row in loco["campaigns"].items()
        if row["auc"] is not None and row["auc"] < 0.55
    ]
    lines += [
        "",
        f"Does not transfer (AUC under 0.55): {', '.join(weak) if weak else 'none'}.",
        "",
        "## Beside it",
        "",
        "The lead is ours over the campaigns that the baseline can score, paired.",
        "",
        "| baseline | mean AUC | worst AUC | mean average precision | campaigns | "
        "our lead in AUC |",
        "|---|---|---|---|---|---|",
    ]
    for name, block in metrics["baselines"].items():
        if "not_applicable" in block:
            lines.append(f"| {name} | {block['not_applicable']} | | | | |")
        else:
            lines.append(
                f"| {name} | {_n(block['auc']['mean'])} | {_n(block['auc']['worst'])} | "
                f"{_n(block['average_precision']['mean'])} | "
                f"{shared_campaigns(loco, block, 'auc')} | "
                f"{_n(headline_lead(loco, block, 'auc'), '+.3f')} |"
            )
    lead = metrics["lead_on_strongest"]["auc"]["mean"]
    lines += [
        "",
        "Mean lead in AUC on each fold's strongest baseline that applies there: "
        f"{_n(lead, '+.3f')}.",
    ]
    temporal = metrics["temporal"]
    forward = temporal.get("not_applicable")
    lines += [
        "",
        "Forward in time: "
        + (
            f"not applicable, {forward}."
            if forward
            else f"mean AUC {_n(temporal['auc']['mean'])}, worst "
            f"{_n(temporal['auc']['worst'])}{_known(temporal)}."
        ),
        "A random split, not to be quoted, would have claimed "
        f"{_n(metrics['optimism_gap'].get('auc'))} AUC more.",
        "",
        *doubt_lines(metrics),
        *label_lines(metrics),
        "## Look-alikes",
        "",
        "Honest accounts of kinds that are easily mistaken, never trained on; share of "
        "each flagged where 1 % of unseen controls are, with its interval. The gate "
        f"aims at {metrics['audit']['panel']['fpr']:.1%} of them, the last columns.",
        "",
        "| slice | accounts | flagged at 1 % | share | interval | "
        f"flagged at {metrics['audit']['panel']['fpr']:.1%} | share | interval |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {name} | {row['n']} | {_n(row['flagged'], 'd')} | {_n(row['fpr'])} | "
            f"{_n(row['low'])} to {_n(row['high'])} | "
            f"{_n(gated[name]['flagged'], 'd')} | {_n(gated[name]['fpr'])} | "
            f"{_n(gated[name]['low'])} to {_n(gated[name]['high'])} |"
            for name, row in metrics["panel"].items()
        ),
        "",
        "## Could the collection explain it?",
        "",
        "AUC of a model that sees only which values are missing, one by one: "
        + ", ".join(
            f"{k} {_n(v)}" for k, v in metrics["audit"]["mask_only_auc"].items()
        )
        + "; and which are missing together, noise included: "
        + ", ".join(
            f"{k} {_n(v)}"
            for k, v in metrics["audit"]["mask_only_auc_with_noise"].items()
        )
        + ". AUC that the latter lend to this model on unseen operators: "
        + _lent(metrics["audit"]["missing_together"]["lent"])
        + ". AUC of unseen accounts as they were seen, before values were taken from one "
        f"class to make gaps alike: {_n(metrics['audit']['evened']['seen'])}, as they are "
        f"judged {_n(metrics['audit']['evened']['judged'])}"
        + ". AUC with which the same features tell two control sources apart: "
        + (
            ", ".join(
                f"{k} {_n(v)}" for k, v in metrics["audit"]["source_diagnostic"].items()
            )
            or "one source only"
        )
        + ". Where control sources are told apart easily, part of any figure above is "
        "the collection and not the behaviour.",
        *_hardness(metrics["audit"]),
        "## Gates",
        "",
        "| gate | status | value | limit | reason |",
        "|---|---|---|---|---|",
        *(
            f"| {g['code']} | {g['status']} | {_n(g['value'], '.4g')} | {g['limit']} | "
            f"{g['reason'] or ''} |"
            for g in metrics["gates"]
        ),
        "",
        "## How it was made",
        "",
        f"LightGBM, {bundle.booster.num_trees()} trees, {len(FEATURES)} features, no "
        "topic, ideology, nationality, verified mark, id or number of reports among "
        "them. A feature whose direction is known beforehand may push the score that "
        "way only; one without is left out if it points both ways among the operators "
        "trained on, or is of the profile or the texts "
        f"(docs/decisions/0014-directions.md). Not used: {', '.join(unused) or 'none'}.",
        "",
        "One straight line on the log-odds, fitted on operators that the boosters "
        f"did not see (slope {bundle.calibrator.slope:.3f}), so that contributions add "
        f"up to the probability. Prevalence assumed unless given: "
        f"{bundle.default_prevalence:g}.",
        "",
        "## Limits",
        "",
        f"{len(operators)} campaigns of {len(set(operators.values()))} operators allow "
        "no strong claim about the next one. Intervals draw operators and are rough at "
        "this number. A person decides about an account, never this number alone.",
    ]
    return "\n".join(lines) + "\n"


def _lent(lent: dict[str, float | None]) -> str:
    if lent["ci_low"] is None:
        return "not measured"
    low, high = (_n(lent[end], "+.4f") for end in ("ci_low", "ci_high"))
    return f"{_n(lent['mean'], '+.4f')} ({low} to {high})"


def _hardness(audit: dict[str, Any]) -> list[str]:
    """Whom scores hurt, and how easily they move."""
    evasion, swap = audit["evasion"], audit["topic_swap"]
    recall = evasion.get("recall")
    lines = ["", "## Languages, subjects, evasion", ""]
    for key, row in audit["language"].items():
        if key.startswith("fpr_"):
            told = (
                f"not compared, {row['reason']}"
                if row["ratio"] is None
                else f"shares of two languages differ by a factor of {_n(row['ratio'])} "
                f"at most ({row['highest']} over {row['lowest']}), {_surely(row)}"
            )
            share = float(key.removeprefix("fpr_"))
            lines.append(f"* Where {share:.0%} of controls are flagged: {told}.")
    lines += [
        "* Other words in the same form: "
        + (
            f"19 of 20 scores move by at most {_n(swap['shift_95'])} in log-odds."
            if swap["shift_95"] is not None
            else f"not measured, {swap['reason']}."
        ),
        "* Recall at FPR 1 % of a sample, as it is and after the best changes that a "
        "budget allows (features built anew): "
        + (
            ", ".join(f"{name} {_n(value)}" for name, value in recall.items())
            if recall
            else f"not measured, {evasion['reason']}"
        )
        + ". Free: profile, tags, minutes. Program: application, words, hours. Cheap: "
        "followers, posts. Dear: age, answers, months.",
        "",
    ]
    return lines


def _known(temporal: dict[str, Any]) -> str:
    known = temporal["operators_trained_on"]
    if not known:
        return ""
    return (
        f"; earlier campaigns of {', '.join(known)} were trained on, so that this is "
        "easier than an unseen operator"
    )


def _surely(row: dict[str, Any]) -> str:
    """By how much two languages differ beyond chance, if they do."""
    if row["low"] <= 1:
        return "and no two surely do"
    return f"surely by {_n(row['low'])} ({row['most']} over {row['least']})"


def _n(value: float | None, form: str = ".3f") -> str:
    return "-" if value is None else format(value, form)
