"""Evidence of a search: what was chosen, against where it started and the best."""

from pipeline.markdown import table
from pipeline.search import Trial
from pipeline.search_params import TuneParams


def evidence(world: str, trials: list[Trial], chosen: Trial, params: TuneParams) -> str:
    """Markdown: what was chosen, against what it started from and the best."""
    start = trials[0]
    best = max(trials, key=lambda trial: trial.judgement.value)
    operators = list(chosen.judgement.by_operator)
    named = {"start": start, "chosen": chosen, "best": best}
    head = ["", "trial", "value", *operators, "trees", "cost"]
    rows = [
        [
            name,
            str(trial.number),
            f"{trial.judgement.value:.4f}",
            *(f"{trial.judgement.by_operator[o]:.3f}" for o in operators),
            str(trial.judgement.trees),
            f"{trial.judgement.cost:,.0f}",
        ]
        for name, trial in named.items()
    ]
    values = [
        [key, str(start.values[key]), str(chosen.values[key])] for key in chosen.values
    ]
    return "\n".join(
        [
            "# Where the values of section `train` come from",
            "",
            f"Written by `make tune` on the world `{world}`: {len(trials)} trials, seed "
            f"{params.seed}. Value: mean less standard",
            "deviation, over operators left out, of average precision with both classes "
            "weighing the same",
            "(chance is 0.5). Cost: trees x leaves x depth squared, the steps of an "
            "explanation. Chosen: the",
            f"cheapest trial within {params.tolerance:g} of the best value. The figures "
            "chose the parameters, and are therefore",
            "flattering; `make evidence` measures by how much. They are of the features "
            "and the world as they were when",
            "the search ran, and stay as they are when those change; only `make tune` "
            "writes them anew.",
            "",
            *table(head, rows),
            "",
            *table(["parameter", "start", "chosen"], values),
            "",
        ]
    )
