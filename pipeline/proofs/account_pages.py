"""What proofs found of kinds of accounts, as Markdown for docs/experiments.md."""

from pipeline.proofs.leads import as_table as leads_table
from pipeline.proofs.leads import find_leads
from pipeline.proofs.matched import balance_table, figures_table, judge_matching
from pipeline.proofs.pages import Job
from pipeline.proofs.roles import as_table as roles_table
from pipeline.proofs.roles import find_roles
from pipeline.proofs.states import as_table as states_table
from pipeline.proofs.states import judge_states
from pipeline.proofs.tongues import languages_table, leave_out_languages, ways_table
from pipeline.stage import say
from pipeline.stored_world import load_world
from pipeline.verdicts import no_verdicts, read_verdicts


def prove_roles(job: Job) -> list[str]:
    """Markdown: what is found of each role within a network."""
    return [
        "### Roles within a network",
        "",
        f"World `{job.world}`, takedown accounts by boosters that saw nothing of the "
        "operator, at the line that the training side sets at FPR 1 %.",
        "",
        *roles_table(find_roles(job.folder, job.params.evaluate.confidence)),
    ]


def prove_leads(job: Job) -> list[str]:
    """Markdown: how sure the lead on each operator's strongest baseline is."""
    rules = job.params.evaluate
    found = find_leads(job.folder, rules.account_draws, rules.confidence, rules.seed)
    return [
        "### Leads on the strongest baseline",
        "",
        f"World `{job.world}`, AUC of operators never seen, each against its own controls; "
        f"{rules.confidence:.0%} intervals of the difference, accounts drawn "
        f"{rules.account_draws} times, the same for both.",
        "",
        *leads_table(found),
    ]


def prove_languages(job: Job) -> list[str]:
    """Markdown: what is left of languages that features or boosters do not know."""
    rules = job.params.evaluate
    least = rules.audits.language_controls
    found = leave_out_languages(
        load_world(job.folder),
        job.folder / "canonical",
        job.params.train.recipe(),
        least,
        rules.confidence,
        say,
    )
    return [
        "### Languages that features or boosters do not know",
        "",
        f"World `{job.world}`, operators never seen, all trees. Lower bounds "
        f"({rules.confidence:.0%}) of how much more often controls of one language are "
        "flagged than those of another, at the line of each fold.",
        "",
        *ways_table(found),
        "",
        f"Languages of {least} controls or more. AUC among accounts of the language; shares "
        "above the line that flags so many of all the fold's controls.",
        "",
        *languages_table(found),
    ]


def prove_evidence_states(job: Job) -> list[str]:
    """Markdown: how accounts fare of which only a part is known."""
    drawn, seed = job.params.evaluate.curve_accounts, job.params.evaluate.seed
    return [
        "### Accounts of which only a part is known",
        "",
        f"World `{job.world}`, at most {drawn} accounts that no booster of their fold "
        "saw, as many of each operator and class, scored again without part of their "
        "evidence. Recall and FPR at the line that the training side sets at FPR 1 %; "
        "error and slope at equal shares; the size is that of the log-odds, mean, and the "
        "temper how much of their distance from the base rate they keep, as in service. "
        "Bins in which the interval held, and its width, mean over operators.",
        "",
        *states_table(judge_states(job.folder, job.params.calibrate, drawn, seed)),
    ]


def prove_matching(job: Job) -> list[str]:
    """Markdown: what matching of controls is worth, whichever controls one asks."""
    name = job.params.label.reviewers.files.get(job.world)
    verdicts = (
        no_verdicts() if name is None else read_verdicts(job.folder / "raw" / name)
    )
    sources = job.params.sources[job.world]
    found = judge_matching(job.folder, sources, job.params, verdicts, say)
    controls, matched = found.controls
    return [
        "### Matching of controls",
        "",
        f"World `{job.world}`, campaigns never seen, {matched:,} of {controls:,} controls "
        "matched. Columns: the model, then the controls that it is judged against. `all`: "
        "made of all controls; `reduced`: its training sides without those that are not "
        "matched; `option`: as `label.matching` does it. `gained`: more than `all` has "
        "against the same controls, mean over campaigns, and the interval over operators.",
        "",
        *figures_table(found),
        "",
        "Takedown accounts against controls in standard deviations, before matching and "
        "after.",
        "",
        *balance_table(found),
    ]
