"""Sections of the data report, each from the numbers of one stage."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pipeline import drawings
from pipeline.data_looks import LARGEST_DIFFERENCE, accidents
from pipeline.markup import Cell, Html, Marked, heading, section, table


def groups(found: list[dict[str, Any]]) -> Html:
    """Campaigns and control sources: labels, sizes, spans, volumes."""
    side = {1: "takedown", 0: "controls"}
    rows: list[list[Cell]] = [
        [
            *(g["name"], side[g["label"]], g["source"], g["operator"] or None),
            *(g["block"], g["role"] or None, f"{g['kind']} {g['strength']:.2f}"),
            *(_day(g["disclosed_at"]), g["accounts"], g["posts_sum"], g["silent"]),
            *(int(g["q2"]), _day(g["first"]), _day(g["last"])),
        ]
        for g in found
    ]
    head = ["group", "class", "source", "operator", "blocks", "role", "label by"]
    head += ["disclosed", "accounts", "posts", "without posts", "median posts"]
    head += ["5 % before", "95 % before"]
    key = Html(
        '<p class="quiet"><span class="one"><span class="key"></span></span>takedown '
        '&nbsp; <span class="two"><span class="key"></span></span>controls; from 5 % to '
        "95 %, the tick is the middle</p>"
    )
    return section(
        "Sources and campaigns",
        "Each campaign and each source of controls. Beside who labelled it "
        "stands how far that is trusted, the least of the group.",
        table(head, rows),
        *(heading("When their posts were written"), key, drawings.spans(found)),
        *(heading("Posts an account"), key, drawings.volumes(found)),
    )


def _day(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%d}"


def missing(gaps: list[dict[str, Any]]) -> Html:
    """Share of missing values by column and class."""
    rows: list[list[Cell]] = []
    for g in gaps:
        pairs = [(g["takedown"], g["controls"])]
        pairs.append((g["takedown_after"], g["controls_after"]))
        cells: list[Cell] = [f"{g['table']}.{g['column']}"]
        for pair in pairs:
            far = abs((pair[0] or 0) - (pair[1] or 0)) > LARGEST_DIFFERENCE
            cells += [Marked(v) if far and v is not None else v for v in pair]
        rows.append(cells)
    head = ["column", "takedown", "controls", "takedown, masked", "controls, masked"]
    return section(
        "Missing values by class",
        "Share of rows without a value, as read and after masking. Masking evens the "
        "classes within each block, so shares over all blocks may still differ.",
        table(head, rows),
    )


def equalised(report: dict[str, Any]) -> Html:
    """What the rules of equalising touched, by class."""
    masks = report["masks"]
    both = ("takedown", "controls")
    return section(
        "Artefacts made alike",
        "How many rows each rule touched in each class. Repairs hold for requests too; "
        "what needs both classes is done for learning and judging only.",
        heading("Repairs, in rows"),
        table(
            ["rule", "table", "takedown", "controls", "value"],
            [
                [r["rule"], r["table"], *(r[c] for c in both), r["value"]]
                for r in report["repairs"]
            ],
        ),
        heading("Made alike within blocks, in accounts"),
        table(
            ["rule", *both],
            [[rule, *(n[c] for c in both)] for rule, n in masks["rules"].items()],
        ),
        heading("Posts before and after"),
        table(
            ["class", "before", "after"],
            [
                [c, masks["posts"][c]["before"], masks["posts"][c]["after"]]
                for c in both
            ],
        ),
        heading("Accounts whose column was masked"),
        table(
            ["column", *both],
            [
                [c, *(n[k] for k in both)]
                for c, n in masks["columns"].items()
                if any(n.values())
            ],
        ),
    )


def balance(balance: dict[str, Any]) -> Html:
    """Standardised mean differences by block."""
    names = ("language", "window", "volume", "age")
    after = {row["block"]: row for row in balance["after"]}
    rows: list[list[Cell]] = []
    for row in balance["before"]:
        cells: list[Cell] = [row["block"]]
        for entry in (row, after[row["block"]]):
            for name in names:
                value = entry[name]
                far = value is not None and abs(value) > LARGEST_DIFFERENCE
                cells.append(Marked(value) if far else value)
        rows.append(cells)
    head = ["block", *names, *(f"{name}, matched" for name in names)]
    return section(
        "Balance of the classes",
        "Standardised mean differences, takedown against controls, before and after "
        "matching (if it is on), as read. Marked: beyond 0.1 of a standard deviation.",
        table(head, rows),
    )


def decided(report: dict[str, Any]) -> Html:
    """Conflicts, copies, verdicts and what became of the accounts."""
    conflicts = [
        [rule, c["accounts"], c["rows"], c["left_out"]]
        for rule, c in report["conflicts"].items()
    ]
    copies = _flat(report["duplicates"])
    return section(
        "Conflicts, copies, verdicts",
        "Accounts under several labels, accounts that are copies (kept on one side of "
        "every split), and what reviewers said.",
        table(["rule", "accounts", "rows", "left out"], conflicts),
        *(heading("Copies"), table(["what", "number"], copies)),
        heading("Verdicts"),
        table(["what", "number"], _flat(report["reviewers"])),
        heading("Accounts"),
        table(["what", "number"], _flat(report["accounts"])),
    )


def _flat(counts: dict[str, Any]) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for name, value in counts.items():
        if isinstance(value, dict):
            rows += [[f"{name}: {inner}", count] for inner, count in value.items()]
        else:
            rows.append([name.replace("_", " "), value])
    return rows


def rows(reading: dict[str, Any]) -> Html:
    """What became of the rows of every file."""
    files = [
        [
            *(f["file"], f["source"], f["table"], f["read"], f["kept"]),
            *(_by_rule([f[verb]]) for verb in ("rejected", "repaired", "nulled")),
        ]
        for f in reading["files"]
    ]
    traces = [
        [accident, *(shares.get(label) for label in ("1", "0"))]
        for accident, shares in sorted(accidents(reading).items())
    ]
    return section(
        "Rows of the archives",
        "For every file, rows read = rows kept + rows rejected; repairs and nulls are "
        "counted among the kept.",
        table(
            [
                "file",
                "source",
                "table",
                "read",
                "kept",
                "rejected",
                "repaired",
                "nulled",
            ],
            files,
        ),
        heading("Traces that releases left in texts, share of posts"),
        table(["trace", "takedown", "controls"], traces),
    )


def _by_rule(counts: Iterable[dict[str, int]]) -> str:
    parts = [f"{rule} {n:,}" for found in counts for rule, n in sorted(found.items())]
    return ", ".join(parts) or "none"
