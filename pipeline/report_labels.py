"""How far the labels can be believed: wrong ones, suspected ones, and what people agree on."""

from typing import Any

from models.label_errors import CLASSES
from pipeline.agreement import AGREEMENT, SOURCE
from pipeline.markup import Cell, Html, heading, section, table, text
from pipeline.report_words import within


def wrong(metrics: dict[str, Any]) -> Html:
    """Curve over label noise, and the agreement of people beside it."""
    noise = metrics["label_noise"]
    rows: list[list[Cell]] = [
        [
            f"{row['share']:.0%}",
            *(within(row[key], None, None) for key in ("auc", "measured", "flawless")),
        ]
        for row in noise["curve"]
    ]
    folds = ", ".join(noise["curve"][0]["folds"]) or "no fold"
    lost = (
        f"not known, {noise['reason']}"
        if noise["auc_loss"] is None
        else f"{noise['auc_loss']:.3f}"
    )
    return section(
        "Wrong labels",
        "Trained on them: AUC on right labels of a model that learnt from labels of "
        f"which a share was turned round (trained again: {folds}). Judged by them: what "
        "the AUC of the model, and of one without fault, would seem to be if as many "
        "labels of the judged accounts were wrong; worked out, not drawn. How many are is "
        f"not known. Lost where {noise['share']:.0%} of the labels trained on are wrong: "
        f"{lost}; a gate limits it.",
        table(["wrong labels", "trained on", "judged by", "flawless model"], rows),
        heading("How far people agree"),
        table(
            ["who judged", "accounts", "what they chose from", "Fleiss' kappa"],
            [[who, count, choice, kappa] for who, count, choice, kappa in AGREEMENT],
        ),
        Html(f'<p class="quiet">Published, not ours: {text(SOURCE)}.</p>'),
    )


def suspected(world: str, metrics: dict[str, Any]) -> Html:
    """How many labels are contradicted, of which sources, and what is to be done."""
    block = metrics["label_errors"]
    rows: list[list[Cell]] = []
    sources: list[list[Cell]] = []
    for name in CLASSES.values():
        found, title = block[name], name.replace("_", " ")
        counts = [found[key] for key in ("judged", "suspected")]
        rows.append([title, *counts, found["expected"], found["listed"]])
        sources += [
            [source, title, row["kind"], row["suspected"], row["listed"]]
            for source, row in found["sources"].items()
        ]
    return section(
        "Suspected label errors",
        "Accounts whose label is no likelier than "
        f"{block['least_likely']:.0%} by the score of a model that never saw their "
        "operator, at the share of positives of their fold. Expected: as many would be "
        "there if every label were right and every score what it says. What goes beyond "
        "that is wrong labels, or accounts that the model does not understand: the score "
        "cannot tell which. Confounded campaigns and look-alikes are left out.",
        table(["class", "judged", "suspected", "expected", "listed"], rows),
        heading("By source of the label"),
        table(["source", "class", "kind", "suspected", "listed"], sources),
        Html(
            f"<p>Listed for review, at most {block['most_listed']} of each class, in "
            f"<code>artifacts/{text(world)}/label_errors.parquet</code>: account, source, "
            "kind and strength of the label, campaign, score and interval. Nothing is "
            "removed or relabelled by this list: a review decides. Reviewers&#x27; "
            "verdicts come back as a file named in <code>label.reviewers.files</code> "
            "(fields: docs/archives.md, Reviewers&#x27; verdicts); where they contradict "
            "a label, both stand in <code>labelled/conflicts.parquet</code>. Judge by the "
            "evidence: the model that is served has learnt from these very labels.</p>"
        ),
    )
