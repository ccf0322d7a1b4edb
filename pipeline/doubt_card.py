"""Model card: how far its numbers can be believed; every figure from the metrics."""

from typing import Any

from models.metrics import FPR


def doubt_lines(metrics: dict[str, Any]) -> list[str]:
    """Markdown of intervals, abstention, operating points and calibration."""
    intervals, abstention = metrics["intervals"], metrics["abstention"]
    states, points = metrics["calibration_states"], metrics["operating_points"]
    lines = [
        "## How far to believe the number",
        "",
        f"Each probability comes with an interval of {100 * intervals['confidence']:g} %, "
        "as wide as past operators differ at such a score. On campaigns left out it held "
        f"in {intervals['campaigns_held']} of {intervals['campaigns_judged']}: the "
        "observed rate of at least 80 % of the score bins lay within the bin's mean "
        "interval, binomial error added. Nothing is promised for a new campaign.",
        "",
        "| campaign | bins held | mean width | slope | not scored | accuracy | "
        "accuracy of those scored |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in intervals["campaigns"].items():
        left = abstention["campaigns"][name]
        lines.append(
            f"| {name} | {_n(row['bins_held'])} | {_n(row['mean_width'])} | "
            f"{_n(states['campaign'][name]['slope'])} | {_n(left['share'])} | "
            f"{_n(left['accuracy'])} | {_n(left['kept_accuracy'])} |"
        )
    lines += [
        "",
        *(["Counted nowhere in this section:", ""] if intervals["apart"] else []),
        *(
            f"* {name}, {row['apart_because']}: bins held {_n(row['bins_held'])}, slope "
            f"{_n(states['apart'][name]['slope'])}, not scored "
            f"{_n(abstention['apart'][name]['share'])}."
            for name, row in intervals["apart"].items()
        ),
        *([""] if intervals["apart"] else []),
        "Over the campaigns of the table, each weighing the same, the slope is "
        f"{_slope(states['pooled'])} (1 is right, less is too sure); "
        f"{states['slopes_within']} of {states['slopes_judged']} campaigns lie between "
        "0.5 and 2.",
        "",
        "Lines that could be drawn, each solved on operators not seen and tried on those "
        "left out. A line that fails on some campaign is shown as it is.",
        "",
        "| aim | recall | false positive rate | interval | worst campaign's rate |",
        "|---|---|---|---|---|",
    ]
    for block in points.values():
        pooled = block["pooled"]
        known = [r["fpr"] for r in block["campaigns"].values() if r["fpr"] is not None]
        worst = _n(max(known)) if known else "too few controls"
        if pooled["recall"] is None:
            lines.append(f"| {block['aim']} | - | {pooled['reason']} | | |")
            continue
        lines.append(
            f"| {block['aim']} | {_n(pooled['recall'])} | {_n(pooled['fpr'], '.4f')} | "
            f"{_n(pooled['fpr_low'], '.4f')} to {_n(pooled['fpr_high'], '.4f')} | {worst} |"
        )
    lines += [
        "",
        "| posts known | accounts | calibration error | slope | mean size of the log-odds |",
        "|---|---|---|---|---|",
        *(
            f"| {band} | {row['n']} | {_n(row['ece'])} | {_n(row['slope'])} | "
            f"{_n(row['size'])} |"
            for band, row in states["posts"].items()
        ),
        "",
        *_hardly_judged(abstention, states),
    ]
    return lines


def _hardly_judged(abstention: dict[str, Any], states: dict[str, Any]) -> list[str]:
    """States of evidence that accounts as they are did not judge, and what became of them."""
    silent = abstention["unjudged_evidence"]
    tempers = abstention["withheld_evidence"]
    withheld = [s for s in tempers if s not in silent]
    unchecked = [
        f"{kind} {value}"
        for kind in ("posts", "without")
        for value, row in states[kind].items()
        if row["ece"] is None and f"{kind} {value}" not in (*silent, *withheld)
    ]
    lines = []
    if silent:
        lines += [
            f"Never judged: {', '.join(silent)} (number of posts, families of features, "
            "times of posts). Too few accounts left out were known like that; such an "
            "account gets no number (`unjudged_evidence`).",
            "",
        ]
    if withheld:
        lines += [
            f"Judged by withholding: "
            f"{', '.join(f'{s} ({_n(tempers[s])})' for s in withheld)}: number of posts, "
            "families of features, times of posts. Too few accounts left out are like "
            "that; others were scored again without that evidence. In brackets stands the "
            "share of its distance from the base rate that a score keeps, in log-odds: as "
            "much as leaves no more of these ordinary ones flagged than aimed at, at the "
            f"line for FPR {FPR:.0%}: at other lines it may be more. The interval is as wide as withholding moved their log-odds before. "
            "An account that really has none may be another kind of account. This was done "
            "one by one: who lacks two of them gets no number.",
            "",
        ]
    if unchecked:
        lines += [
            f"Calibration not known: {', '.join(unchecked)} (number of posts, families "
            "of features), since too few unseen accounts are like that. They are scored "
            "by what is known of others: do not lean on their numbers.",
            "",
        ]
    return lines


def _slope(pooled: dict[str, Any]) -> str:
    if pooled["slope"] is None:
        return f"not known, {pooled['reason']}"
    return _n(pooled["slope"])


def _n(value: float | None, form: str = ".3f") -> str:
    return "-" if value is None else format(value, form)
