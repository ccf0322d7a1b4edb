"""Audits as they were measured, and in words what the figures cannot say."""

from collections.abc import Sequence
from typing import Any, Final

from pipeline.limit_sentences import shortcomings
from pipeline.markup import Cell, Html, folded, heading, section, table, text
from pipeline.report_words import told

# Longer tables are folded.
_SHORT: Final = 8
# Blocks of metrics.json that have a section of their own.
_SHOWN: Final = {
    *("loco", "temporal", "random", "optimism_gap", "panel", "baselines", "audit"),
    *("lead_on_strongest", "gates", "operating_points"),
    *("label_noise", "label_errors"),
}


def audit(metrics: dict[str, Any]) -> Html:
    """What the collection alone would explain, as it was measured."""
    return section(
        "Audits",
        "Whether the collection could explain the figures: AUC from missing values "
        "alone, AUC with which the features tell control sources apart, best single "
        "features, and how many controls may be takedown accounts that nobody "
        "disclosed.",
        # Look-alikes have a section of their own.
        *nested({k: v for k, v in metrics["audit"].items() if k != "panel"}),
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
    """Every value of a nested block, in tables where it has rows of the same columns."""
    return [
        part
        for name, value in block.items()
        for part in _block(name.replace("_", " "), value)
    ]


def _block(title: str, value: Any) -> list[Html]:
    rows = _rows(value)
    if rows:
        columns = list(dict.fromkeys(key for _, row in rows for key in row))
        if isinstance(value, list):
            columns = [column for column in columns if column != "name"]
        cells = [[name, *(_cell(row.get(c)) for c in columns)] for name, row in rows]
        head = ["name", *(column.replace("_", " ") for column in columns)]
        return _folded_if_long(title, f"{len(rows)} rows", told(head, cells), rows)
    if isinstance(value, dict) and any(
        _rows(inner) or _has_rows(inner) for inner in value.values()
    ):
        alone = {k: v for k, v in value.items() if not isinstance(v, (dict, list))}
        parts = _block(title, alone) if alone else []
        for key, inner in value.items():
            if key not in alone:
                parts += _block(f"{title}: {key.replace('_', ' ')}", inner)
        return parts
    flat = [(key or title, found) for key, found in _flat("", value)]
    numbers = [v for _, v in flat if isinstance(v, (int, float))]
    ends = f", {min(numbers):.4g} to {max(numbers):.4g}" if numbers else ""
    shown = table(["what", "value"], [[key, _cell(v)] for key, v in flat])
    return _folded_if_long(title, f"{len(flat)} values{ends}", shown, flat)


def _folded_if_long(
    title: str, size: str, shown: Html, rows: Sequence[object]
) -> list[Html]:
    # What lies deep is for who looks for it.
    if len(rows) > _SHORT or title.count(": ") > 1:
        return [folded(f"{title}: {size}", shown)]
    return [heading(title), shown]


def _rows(value: Any) -> list[tuple[str, dict[str, Any]]]:
    """Name and columns of each row, if that is what the value is; else none."""
    if isinstance(value, dict):
        rows = [(str(name), row) for name, row in value.items()]
    elif isinstance(value, list):
        rows = [
            (str(row.get("name", number)) if isinstance(row, dict) else "", row)
            for number, row in enumerate(value, start=1)
        ]
    else:
        return []
    if not rows or not all(isinstance(row, dict) and row for _, row in rows):
        return []
    if any(isinstance(v, dict) for _, row in rows for v in row.values()):
        return []
    columns = {key for _, row in rows for key in row}
    # More is no table but lists of different things.
    return rows if len(columns) <= min(len(row) for _, row in rows) + 4 else []


def _has_rows(value: Any) -> bool:
    return isinstance(value, dict) and any(
        _rows(inner) or _has_rows(inner) for inner in value.values()
    )


def _cell(value: object) -> Cell:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(str(_cell(each)) for each in value)
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
        "Within each fold both classes were masked alike, value by value; real requests "
        "are not masked.",
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
            "that nobody disclosed, if labels miss at random. The interval is that of the "
            "draw alone: of planted ones a little too few were found "
            "(docs/experiments.md). Found, they count as false alarms here: FPR, PPV and "
            "alerts may look worse than they are."
        )
    sentences += shortcomings(metrics, details)
    listed = "".join(f"<li>{text(sentence)}</li>" for sentence in sentences)
    return section(
        "Confounds and limits",
        "What stands between these figures and a claim.",
        Html(f"<ul>{listed}</ul>"),
    )
