"""Lines stated as aims, and what each did on campaigns left out."""

from collections.abc import Callable
from typing import Any, Final

from pipeline.markup import Cell, Html, folded, section, table
from pipeline.report_words import told, within

_HEAD: Final = (
    *("aim", "served, in log-odds", "recall", "FPR", "precision", "NPV"),
    *("least recall", "highest FPR", "note"),
)


def lines(metrics: dict[str, Any]) -> Html:
    """Each aim over the headline campaigns, then campaign by campaign."""
    points = metrics["operating_points"]
    parts: list[Html] = []
    for block in points.values():
        campaigns: list[list[Cell]] = [
            [
                name,
                within(row["recall"], None, None),
                _rate(row),
                within(row["precision"], None, None),
                _npv(row),
                _why(row),
            ]
            for name, row in (block["campaigns"] | block["apart"]).items()
        ]
        head = ["campaign", "recall", "FPR", "precision", "NPV", "note"]
        parts += [folded(f"Campaigns: {block['aim']}", told(head, campaigns))]
    return section(
        "Lines as aims",
        "Lines that a user may ask for by what they are to do. Each fold solves them on "
        "its training side, on operators that its boosters did not see; shown is what "
        "they did on those left out, with Wilson intervals. Precision and NPV are at the "
        "prevalence of the aim, or at the one that is assumed where none is given. No "
        "line where too few controls can tell, and a line that misses its aim is shown "
        "as it is.",
        table(_HEAD, [_over_all(block) for block in points.values()]),
        *parts,
    )


def _over_all(block: dict[str, Any]) -> list[Cell]:
    pooled, final = block["pooled"], block["final"]
    reasons = {
        "as served": final.get("reason"),
        "on campaigns left out": pooled.get("reason"),
    }
    return [
        block["aim"],
        within(final["logit"], None, None),
        within(pooled["recall"], None, None),
        _rate(pooled),
        within(pooled["precision"], None, None),
        _npv(pooled),
        _extreme(block["campaigns"], "recall", min, ".3f"),
        _extreme(block["campaigns"], "fpr", max, ".4f"),
        "; ".join(f"{where}: {why}" for where, why in reasons.items() if why) or None,
    ]


def _rate(row: dict[str, Any]) -> str:
    """FPR; aims of one in a thousand need a digit more than other figures."""
    if row["fpr"] is None:
        return "–"
    return f"{row['fpr']:.4f} [{row['fpr_low']:.4f}, {row['fpr_high']:.4f}]"


def _npv(row: dict[str, Any]) -> str:
    """Share of those passed over that are ordinary; near 1, so that digits tell."""
    return "–" if row["npv"] is None else f"{row['npv']:.4f}"


def _why(row: dict[str, Any]) -> str | None:
    apart = row.get("apart_because")
    said = [f"counted nowhere, {apart}" if apart else None, row.get("reason")]
    return "; ".join(part for part in said if part) or None


def _extreme(
    campaigns: dict[str, Any], key: str, pick: Callable[[list[float]], float], form: str
) -> str:
    known = {name: row[key] for name, row in campaigns.items() if row[key] is not None}
    if not known:
        return "–"
    found = pick(list(known.values()))
    names = [name for name, value in known.items() if value == found]
    return f"{found:{form}} ({', '.join(names)})"
