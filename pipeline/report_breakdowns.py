"""Second half of the evaluation report: who is judged worse, why, and what is not known."""

from typing import Any, Final

from models.evaluation import headline_lead, shared_campaigns
from models.metrics import FPR
from pipeline import charts
from pipeline.markup import Cell, Html, Marked, folded, heading, section, table, text
from pipeline.report_sections import NAMES, told, within

_ENDS: Final = ("", "_low", "_high")
_SLICES: Final = {
    "role": "Role of takedown accounts, against the controls of their folds",
    "language": "Language",
    "posts": "Number of posts, as the model saw them",
    "evidence": "What is known of the account",
    "source": "Source, each against the other class of its folds",
}
# Longer tables are folded.
_SHORT: Final = 8
# Blocks of metrics.json that have a section of their own.
_SHOWN: Final = {
    *("loco", "temporal", "random", "optimism_gap", "panel", "baselines", "audit"),
    "gates",
}


def panel(metrics: dict[str, Any]) -> Html:
    """Honest look-alikes that would be flagged."""
    rows: list[list[Cell]] = [
        [
            name,
            row["n"],
            row["flagged"],
            Marked(row["fpr"]) if (row["low"] or 0) > FPR else row["fpr"],
            None if row["low"] is None else f"[{row['low']:.3f}, {row['high']:.3f}]",
            row.get("reason"),
        ]
        for name, row in metrics["panel"].items()
    ]
    return section(
        "Look-alikes",
        "Honest accounts of kinds that are easily mistaken, never trained on; share "
        "flagged where each fold's training side aims at FPR 1 %. Marked: surely flagged "
        "more often than that aim, the whole interval above it.",
        told(["slice", "accounts", "flagged", "share", "interval", "because"], rows),
    )


def slices(details: dict[str, Any]) -> Html:
    """Figures by role, language, posts, evidence, source."""
    parts = []
    for name, title in _SLICES.items():
        rows: list[list[Cell]] = [
            [
                row["slice"],
                row["n_pos"],
                row["n_neg"],
                within(row["auc"], None, None),
                within(*(row[f"recall{end}"] for end in _ENDS)),
                within(*(row[f"fpr{end}"] for end in _ENDS)),
                within(row["brier_skill"], None, None),
                within(row["ece"], None, None),
            ]
            for row in details["slices"][name]
        ]
        head = ["slice", "accounts", "controls", "AUC", "recall", "FPR"]
        parts += [
            heading(title),
            table([*head, "Brier skill", "calibration error"], rows)
            if rows
            else Html("<p>Not known in this world.</p>"),
        ]
    return section(
        "Slices",
        "Unseen accounts of the headline campaigns and their controls. AUC compares "
        "accounts of one fold; recall and FPR are at the thresholds that training sides "
        "set for FPR 1 %, with Wilson intervals; no figure of ranks or probabilities "
        "under 30 accounts of a class.",
        *parts,
    )


def evidence(details: dict[str, Any]) -> Html:
    """Curves over posts."""
    early, steady = details["time_to_detect"], details["stability"]
    intro = (
        "Some unseen accounts, half of them of takedowns, scored again from part of "
        "their posts by the model of their own fold. Only accounts whose posts all bear "
        "a time."
    )
    if not early:
        return section("Amount of evidence", intro, Html("<p>There are none.</p>"))
    words = ["all" if row["posts"] is None else str(row["posts"]) for row in early]
    first: list[list[Cell]] = [
        [
            word,
            row["reached"],
            within(*(row[f"recall{end}"] for end in _ENDS)),
            within(*(row[f"fpr{end}"] for end in _ENDS)),
            within(row["auc"], None, None),
        ]
        for word, row in zip(words, early, strict=True)
    ]
    latest: list[list[Cell]] = [
        [
            str(row["posts"]),
            row["accounts"],
            *(
                within(row[key], None, None)
                for key in ("rank_correlation", "flip_rate", "lost", "gained")
            ),
        ]
        for row in steady
    ]
    parts = [
        heading("Time to detect: the first posts that are held of an account"),
        charts.lines(
            "Recall and false alarms by number of first posts",
            words,
            {
                name: [
                    (place, row[key], row[f"{key}_low"], row[f"{key}_high"])
                    for place, row in enumerate(early)
                    if row[key] is not None
                ]
                for key, name in (("recall", "recall"), ("fpr", "FPR"))
            },
        ),
        Html(
            f'<p class="quiet">{text(_EARLY)}</p>',
        ),
        table(["first posts", "have as many", "recall", "FPR", "AUC"], first),
        heading("Stability: the latest posts against all"),
    ]
    if steady:
        parts.append(
            charts.lines(
                "Agreement with the score of all posts by number of latest posts",
                [str(row["posts"]) for row in steady],
                {
                    name: [
                        (place, row[key], None, None)
                        for place, row in enumerate(steady)
                        if row[key] is not None
                    ]
                    for key, name in (
                        ("rank_correlation", "rank correlation"),
                        ("flip_rate", "flip rate"),
                    )
                },
            )
        )
    head = ["latest posts", "accounts with more", "rank correlation", "flip rate"]
    parts.append(table([*head, "flagged ones lost", "others gained"], latest))
    return section("Amount of evidence", intro, *parts)


_EARLY: Final = (
    "Judged a minute after the last of these posts. What the profile counts (followers, "
    "posts in all) is of a later moment and left out, except in the last row; names and "
    "descriptions are of the later moment. The accounts are the same in every row: one "
    "with fewer posts keeps the score of its last. The first posts held need not be the "
    "first ever written."
)


def noise(details: dict[str, Any]) -> Html:
    """Curve over label noise."""
    rows: list[list[Cell]] = [
        [
            f"{row['share']:.0%}",
            *(within(row[key], None, None) for key in ("auc", "measured", "flawless")),
        ]
        for row in details["label_noise"]
    ]
    folds = ", ".join(details["label_noise"][0]["folds"]) or "no fold"
    return section(
        "Wrong labels",
        "Trained on them: AUC on right labels of a model that learnt from labels of "
        f"which a share was turned round (trained again: {folds}). Judged by them: what "
        "the AUC of the model, and of one without fault, would seem to be if as many "
        "labels of the judged accounts were wrong; worked out, not drawn.",
        table(["wrong labels", "trained on", "judged by", "flawless model"], rows),
    )


def baselines(metrics: dict[str, Any]) -> Html:
    """Trivial models on the same folds."""
    loco = metrics["loco"]
    rows: list[list[Cell]] = []
    for name, block in metrics["baselines"].items():
        if "not_applicable" in block:
            rows.append([name, *[None] * 5, block["not_applicable"]])
            continue
        leads = [
            headline_lead(loco, block, key) for key in ("auc", "average_precision")
        ]
        rows.append(
            [
                name,
                within(*(block["auc"][key] for key in ("mean", "ci_low", "ci_high"))),
                within(block["auc"]["worst"], None, None),
                *("–" if lead is None else f"{lead:+.3f}" for lead in leads),
                shared_campaigns(loco, block, "auc"),
                None,
            ]
        )
    head = ["baseline", "AUC, mean", "AUC, worst", "our lead in AUC"]
    head += ["our lead in average precision", "campaigns", "not applicable"]
    return section(
        "Trivial baselines",
        "Trained and judged on the same folds. Leads are paired, over the headline "
        "campaigns that the baseline can score.",
        told(head, rows),
    )


def audit(metrics: dict[str, Any]) -> Html:
    """What the collection alone would explain, as it was measured."""
    return section(
        "Audits",
        "Whether the collection could explain the figures: AUC from missing values "
        "alone, AUC with which the features tell control sources apart, best single "
        "features, and how many controls may be takedown accounts that nobody "
        "disclosed.",
        *nested(metrics["audit"]),
    )


def others(metrics: dict[str, Any]) -> Html:
    """Blocks of metrics.json that have no section of their own."""
    rest = {key: block for key, block in metrics.items() if key not in _SHOWN}
    if not rest:
        return Html("")
    return section(
        "Further measurements", "As they stand in metrics.json.", *nested(rest)
    )


def nested(block: dict[str, Any]) -> list[Html]:
    """A heading and a table of every value for each entry of a nested block."""
    parts = []
    for name, value in block.items():
        rows = [(key or name, found) for key, found in _flat("", value)]
        title = name.replace("_", " ")
        shown = table(["what", "value"], [[key, _cell(v)] for key, v in rows])
        if len(rows) <= _SHORT:
            parts += [heading(title), shown]
            continue
        numbers = [v for _, v in rows if isinstance(v, (int, float))]
        ends = f", {min(numbers):.4g} to {max(numbers):.4g}" if numbers else ""
        parts.append(folded(f"{title}: {len(rows)} values{ends}", shown))
    return parts


def _cell(value: object) -> Cell:
    if isinstance(value, float):
        return f"{value:.4g}"
    return None if value is None else str(value)


def _flat(name: str, value: Any) -> list[tuple[str, object]]:
    if isinstance(value, dict):
        entries = [(str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
        entries = [
            (str(v.get("name", n)) if isinstance(v, dict) else str(n), v)
            for n, v in enumerate(value, start=1)
        ]
    elif isinstance(value, list):
        return [(name, ", ".join(str(v) for v in value))]
    else:
        return [(name, value)]
    return [
        row
        for key, inner in entries
        for row in _flat(f"{name}: {key}" if name else key, inner)
    ]


def limits(metrics: dict[str, Any], details: dict[str, Any], simulated: bool) -> Html:
    """What these figures cannot say, in words."""
    rows = details["campaigns"]
    confounded = [name for name, row in rows.items() if not row["in_headline"]]
    counted = [row for row in rows.values() if row["in_headline"]]
    weak = [
        name
        for name, row in rows.items()
        if (auc := row["figures"]["auc"]["value"]) is not None and auc < 0.55
    ]
    hidden = (
        metrics["audit"].get("hidden_positives", {}).get("at_random", {}).get("all")
    )
    sentences = [
        "A score says that an account resembles accounts that were removed. It never "
        'says "is a bot": automated, coordinated and inauthentic are different things.',
        f"{len(counted)} headline campaigns allow no strong claim about the next one; "
        "the worst is the better guess of what a new network may do.",
        "Within each fold both classes were masked alike, so that gaps of the collection "
        "cannot help; real requests are not masked.",
    ]
    if simulated:
        sentences.insert(
            0,
            "Everything here is simulated: the figures test the machinery and say "
            "nothing about detection in the real world.",
        )
    if confounded:
        sentences.append(
            f"Collection-confounded, and in no mean, worst or gate: "
            f"{', '.join(confounded)}. Their accounts and the controls they are judged "
            "against come from different collections, which alone could tell them apart."
        )
    if weak:
        sentences.append(f"Does not transfer (AUC under 0.55): {', '.join(weak)}.")
    if hidden and hidden.get("share") is not None:
        sentences.append(
            f"An estimated {hidden['share']:.1%} of the controls "
            f"({hidden['low']:.1%} to {hidden['high']:.1%}) score like takedown accounts "
            "that nobody disclosed, if labels miss at random. Found, they count as false "
            "alarms here: FPR, PPV and alerts may look worse than they are."
        )
    listed = "".join(f"<li>{text(sentence)}</li>" for sentence in sentences)
    return section(
        "Confounds and limits",
        "What stands between these figures and a claim.",
        Html(f"<ul>{listed}</ul>"),
    )


def optimism(metrics: dict[str, Any]) -> Html:
    """What a random split would have claimed; last, and not to be quoted."""
    why = metrics["random"].get("not_applicable")
    if why:
        return section("Not to be quoted: a random split", f"Not applicable: {why}.")
    rows: list[list[Cell]] = [
        [
            NAMES[key],
            within(metrics["random"][key]["mean"], None, None),
            within(metrics["loco"][key]["mean"], None, None),
            "–" if gap is None else f"{gap:+.3f}",
        ]
        for key, gap in metrics["optimism_gap"].items()
        if key in NAMES
    ]
    return section(
        "Not to be quoted: a random split",
        "Accounts of one campaign are near-copies of one another; a split that puts some "
        "of them on either side flatters. Shown for its distance alone.",
        table(["figure", "random split", "operator left out", "gap"], rows),
    )
