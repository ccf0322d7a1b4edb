"""Curves of the evaluation report: over posts and over wrong labels."""

from typing import Any, Final

from pipeline import charts
from pipeline.markup import Cell, Html, heading, section, table, text
from pipeline.report_words import within

_ENDS: Final = ("", "_low", "_high")
_EARLY: Final = (
    "Judged a minute after the last of these posts. What the profile counts (followers, "
    "posts in all) is of a later moment and left out, except in the last row; names and "
    "descriptions are of the later moment. The accounts are the same in every row: one "
    "with fewer posts keeps the score of the last row that it reaches. The first posts held need not be the "
    "first ever written."
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
