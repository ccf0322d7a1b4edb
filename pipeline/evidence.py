"""Evidence: expensive proofs, too long for CI, as tables for docs/experiments.md."""

from collections.abc import Callable, Sequence
from pathlib import Path

from features.errors import InputError
from pipeline.files import atomic_file
from pipeline.params import load_params
from pipeline.proofs import account_pages, feature_pages, pages, truth_pages
from pipeline.proofs.chain import SIMULATED
from pipeline.proofs.pages import Job
from pipeline.stage import run_stage, say, stage_parser, world_lock

PROOFS: dict[str, Callable[[Job], list[str]]] = {
    "model-seeds": pages.prove_model_seeds,
    "world-seeds": pages.prove_world_seeds,
    "family-ablation": pages.prove_family_ablation,
    "oracle": truth_pages.prove_oracle,
    "nested-search": pages.prove_nested_search,
    "robustness": pages.prove_robustness,
    "direction-rule": pages.prove_direction_rule,
    feature_pages.RANKING: feature_pages.prove_feature_ranking,
    "feature-selection": feature_pages.prove_feature_selection,
    "true-drivers": truth_pages.prove_true_drivers,
    "roles": account_pages.prove_roles,
    "matching": account_pages.prove_matching,
    "leads": account_pages.prove_leads,
    "languages": account_pages.prove_languages,
    "evidence-states": account_pages.prove_evidence_states,
    "hidden-at-random": pages.prove_hidden_at_random,
    "hidden-role": pages.prove_hidden_role,
}
# Read the truth of the world itself.
OF_TRUTH = {"oracle", "roles", "true-drivers"}
# Need a world whose truth is known; the others of them simulate their own.
ON_SIMULATED = OF_TRUTH | {"world-seeds", "hidden-at-random", "hidden-role"}


def evidence(job: Job, names: Sequence[str], out: Path) -> None:
    """Write the Markdown of each proof as soon as it is there, and show it.

    Raises:
        InputError: a proof needs a world that was not made, or its truth, of which
            none is known.
    """
    blind = sorted(OF_TRUTH.intersection(names))
    if blind and not (job.folder / "truth.parquet").exists():
        raise InputError(
            f"world {job.world}: no truth.parquet, without which there is no "
            f"{', '.join(blind)}; ask world {SIMULATED}, once `make repro` has made it"
        )
    folds = job.folder / "folds" / "folds.parquet"
    # These alone simulate all that they read.
    if set(names) - (ON_SIMULATED - OF_TRUTH) and not folds.exists():
        raise InputError(f"{folds}: no such file; `make repro` of this world writes it")
    for name in names:
        say(name)
        lines = PROOFS[name](job)
        for line in lines:
            say(line)
        with atomic_file(out / f"{name}.md") as working:
            working.write_text("\n".join([*lines, ""]), encoding="utf-8")
    say(f"written to {out}; paste what is worth it into docs/experiments.md")


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument("--only", nargs="+", choices=list(PROOFS), help="these proofs")
    args = parser.parse_args()
    job = Job(args.world, load_params(args.params))
    possible = [n for n in PROOFS if args.world == SIMULATED or n not in ON_SIMULATED]
    names = args.only or possible
    with world_lock(args.world):
        evidence(job, names, job.out)


if __name__ == "__main__":
    run_stage(main)
