"""Curves of the evaluation report over posts, and scores some days apart."""

from typing import Any, Final

from pipeline import charts
from pipeline.markup import Cell, Html, MarkedText, heading, section, table, text
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
            within(*(row[f"harmed{end}"] for end in _ENDS)),
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
    head += ["flagged ones lost", "others gained", "ordinary ones gained"]
    parts.append(table(head, latest))
    parts += [
        Html(
            f'<p class="quiet">No rank correlation at {row["posts"]} posts: '
            f"{text(row['reason'])}.</p>"
        )
        for row in steady
        if "reason" in row
    ]
    parts.append(Html(f"<p>{text(enough(details['least_posts']))}</p>"))
    parts += _over_time(details["over_time"])
    return section("Amount of evidence", intro, *parts)


def _over_time(found: dict[str, Any]) -> list[Html]:
    """Agreement of scores some days apart."""
    title = heading(f"Stability over time: {found['days']} days earlier against now")
    if found["pooled"] is None:
        return [title, Html(f"<p>Not reported: {text(found['reason'])}.</p>")]
    worst, aims = found["worst"], list(found["pooled"]["at"])
    rows: list[list[Cell]] = []
    for name, row in [("all", found["pooled"]), *found["campaigns"].items()]:
        rank = within(row["rank_correlation"], None, None)
        alone = worst["rank_correlation"]["campaign"] == name
        cells: list[Cell] = [name, row["accounts"], MarkedText(rank) if alone else rank]
        for aim in aims:
            at = row["at"][aim]
            rate = within(*(at[f"flip_rate{end}"] for end in _ENDS))
            cells.append(MarkedText(rate) if worst[aim]["campaign"] == name else rate)
            cells += [within(at[key], None, None) for key in ("lost", "gained")]
        rows.append(cells)
    head = ["campaign", "accounts", "rank correlation"]
    for aim in aims:
        share = f"{float(aim.removeprefix('fpr_')):.1%}"
        head += [f"flip rate at FPR {share}", f"lost at {share}", f"gained at {share}"]
    return [
        title,
        Html(
            '<p class="quiet">Scored as of that day from what was posted before it, and '
            "as of now, by the model of the own fold and at the thresholds that training "
            "sides set. What the profile counts is left out at both moments, because "
            "nobody knows what it was; names and descriptions are of now. Accounts with "
            "fewer posts by then than a score needs are left out. Lost: of those flagged "
            "then, the share that is not now; gained: of the others, the share that is. "
            "A campaign stands with the controls of its fold; confounded ones are among "
            "them. Marked: the worst campaign.</p>"
        ),
        table(head, rows),
    ]


def enough(least: dict[str, Any]) -> str:
    """Whether the fewest posts that are scored are those that the curve asks for."""
    measured = (
        "no number of posts keeps to that here"
        if least["measured"] is None
        else f"the curve asks for {least['measured']} or more"
    )
    if least["harmful"]:
        posts = ", ".join(map(str, least["harmful"]))
        verdict = (
            f"The curve contradicts it: with {posts} surely more are. "
            "`calibrate.abstention.least_posts` is too low"
        )
    elif least["needless"]:
        posts = ", ".join(map(str, least["needless"]))
        verdict = (
            f"The curve contradicts it: with {posts} surely no more are, and such "
            "accounts get no score. `calibrate.abstention.least_posts` is higher than "
            "this world asks for"
        )
    else:
        verdict = "Within their intervals, the shares do not contradict that"
    return (
        "Ordinary accounts that part of their posts flags, and all of them do not: at "
        f"most {least['most']:.1%} are tolerated, and {measured}. Accounts with some "
        f"posts, but fewer than {least['declared']}, get no score. {verdict}."
    )
