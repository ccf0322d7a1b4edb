"""What proofs found that read the truth of a simulated world, as Markdown."""

from pipeline.markdown import table
from pipeline.proofs.drivers import (
    LEAST_CHANGED,
    STRONGEST,
    as_table,
    drivers,
)
from pipeline.proofs.oracle import TOGETHER, all_drivers, ask_oracle
from pipeline.proofs.own_drivers import own_drivers
from pipeline.proofs.pages import Job, number
from pipeline.stage import say


def prove_oracle(job: Job) -> list[str]:
    """Markdown: look-alikes flagged by a booster that is told the true drivers."""
    every = all_drivers(job.folder)
    alone = [driver for driver in every if driver != TOGETHER]
    whole, single = (
        ask_oracle(job.folder, job.params, drivers, say) for drivers in (every, alone)
    )
    said = [
        f"mean AUC {number(found.figures['auc'][0])}, worst "
        f"{number(found.figures['auc'][1])}, recall at FPR 1 % "
        f"{number(found.figures['recall_at_fpr_0.01'][0])}"
        for found in (whole, single)
    ]
    rows = [
        [
            name,
            ", ".join(row.drivers),
            *map(number, (row.shared, row.ours, row.at_rate, row.at_recall)),
            *map(number, (single.slices[name].at_rate, single.slices[name].at_recall)),
        ]
        for name, row in whole.slices.items()
    ]
    rate = job.params.evaluate.audits.panel_rate
    head = ["slice", "drivers", "in networks", "ours", "oracle", "strict oracle"]
    return [
        "### An oracle for look-alikes",
        "",
        f"World `{job.world}`; boosters of our settings that are told the drivers of "
        "each account and nothing else, trained on the accounts that ours is trained on. "
        f"All drivers: {said[0]}. Without {TOGETHER}: {said[1]}. Shares flagged: `ours` "
        f"and `oracle` at the point that aims at FPR {rate:.1%}, `strict` at a line that "
        "finds only as many takedown accounts as the gate on recall asks for; `in "
        "networks`: share of the takedown accounts that show all that the slice shows. "
        f"The last two columns: without {TOGETHER}.",
        "",
        *table([*head, "alone", "strict alone"], rows),
    ]


def prove_true_drivers(job: Job) -> list[str]:
    """Markdown: whether the families that carry a network are its true ones."""
    unseen = drivers(job.folder, job.folder / "trained")
    seen = own_drivers(job.folder, job.params.train.recipe(), say)
    return [
        "### What carries a network, and what makes it one",
        "",
        f"World `{job.world}`, boosters that saw nothing of the operator; takedown "
        "accounts. A family is a true one where the operator changed at least "
        f"{LEAST_CHANGED:.0%} of it. `strongest`: share whose strongest family is a true one; "
        "`one for all`: what is reached by who names the same family for every account; "
        f"`among {STRONGEST}`: share with a true one among the strongest; `as the "
        "others`: whose strongest one is the same in both tables; then the log-odds "
        "that each family adds, mean.",
        "",
        *as_table(unseen, seen),
        "",
        "The same of boosters of our settings that were trained on one half of the "
        "operator itself and judged on the other: what shows most where nothing is new.",
        "",
        *as_table(seen, unseen),
    ]
