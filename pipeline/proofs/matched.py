"""What matching of controls is worth on campaigns never seen.

It changes whom a model is trained on, and whom it is judged against, and a figure against
other controls answers another question. So both models are judged against both.
"""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import polars as pl

from models.evaluation import Campaign, Rules, operator_interval, protocol_block
from models.metrics import FIGURES
from pipeline.evaluate import load_campaigns
from pipeline.featurize import featurize
from pipeline.files import write_parquet
from pipeline.label import label
from pipeline.markdown import table
from pipeline.matching import NUMBERS
from pipeline.params import Params
from pipeline.proofs.chain import score_world
from pipeline.sources.source import Source
from pipeline.split import split
from pipeline.verdicts import ReadVerdicts

# How a model is made: of all controls, of the training sides without those that are not
# matched, and as `label.matching` does it, which also evens both classes anew. Of the
# last, other controls have no labels to be judged by.
MADE: Final = ("all", "reduced", "option")
# Way of making, controls judged against.
Way = tuple[str, str]
WAYS: Final[tuple[Way, ...]] = (
    ("all", "all"),
    ("reduced", "all"),
    ("all", "matched"),
    ("reduced", "matched"),
    ("option", "matched"),
)
# Mean, and the ends of its interval.
Gain = tuple[float | None, float | None, float | None]
_KEYS: Final = ["protocol", "fold", "account_id"]


@dataclass(frozen=True)
class Matched:
    """A world with and without matching.

    Attributes:
        controls: number of controls without look-alikes, and of those matched.
        before: entries of pipeline.matching.balance.
        after: the same of the matched.
        blocks: way -> block of protocol_block, of campaigns never seen.
        gains: (way, figure) -> what it has more than the model of all controls, judged
            against the same, mean over campaigns, and the interval over operators;
            null where no headline campaign has the figure, or one operator gives no
            interval.
    """

    controls: tuple[int, int]
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]
    blocks: Mapping[Way, dict[str, Any]]
    gains: Mapping[tuple[Way, str], Gain]


def judge_matching(
    folder: Path,
    sources: list[Source],
    params: Params,
    verdicts: ReadVerdicts,
    say: Callable[[str], None],
) -> Matched:
    """Figures of campaigns never seen with and without matching, and the balance.

    Args:
        folder: a world's canonical tables.
        sources: of the world.
        params: the whole parameter file.
        verdicts: of reviewers.
        say: told one line a model.
    """
    rules = params.evaluate.rules()
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        _label(folder, sources, params, verdicts, made / "all")
        report = _label(folder, sources, params, verdicts, made / "option")
        kept = pl.read_parquet(made / "option" / "labelled" / "labels.parquet")
        train_on(made / "all", kept["account_id"], made / "reduced")
        scored = {which: _score(folder, made / which, params) for which in MADE}
        campaigns = load_campaigns(made / "all" / "labelled")
    against = {
        "all": pl.lit(True),
        "matched": pl.col("account_id").is_in(kept["account_id"].implode()),
    }
    blocks = {}
    for which, judged in WAYS:
        rows = scored[which].filter(against[judged])
        blocks[which, judged] = block = protocol_block(rows, campaigns, rules)
        auc = block["auc"]
        say(f"{which} against {judged}: auc {auc['mean']}, worst {auc['worst']}")
    controls = kept.filter(pl.col("slice").is_null(), label=0).height
    return Matched(
        (controls + report["accounts"]["unmatched"], controls),
        report["balance"]["before"],
        report["balance"]["after"],
        blocks,
        {
            (way, figure): gain(
                blocks["all", way[1]], blocks[way], campaigns, figure, rules
            )
            for way in WAYS
            if way[0] != "all"
            for figure in FIGURES
        },
    )


def _label(
    folder: Path,
    sources: list[Source],
    params: Params,
    verdicts: ReadVerdicts,
    out: Path,
) -> dict[str, Any]:
    """Labels, and the folds that leave out an operator; the report of label."""
    enabled = {"enabled": out.name == "option"}
    matching = params.label.matching.model_copy(update=enabled)
    asked = params.label.model_copy(update={"matching": matching})
    labelled = out / "labelled"
    with redirect_stdout(StringIO()):
        report = label(folder / "canonical", sources, asked, verdicts, labelled)
        split(labelled / "labels.parquet", params.split, out / "folds")
    path = out / "folds" / "folds.parquet"
    write_parquet(pl.read_parquet(path).filter(protocol="loco"), path, _KEYS)
    return report


def train_on(whole: Path, kept: pl.Series, out: Path) -> None:
    """Write the same world with folds in which no other account is trained on.

    Args:
        whole: labelled and folds.
        kept: ids of those that are.
        out: directory to write.
    """
    out.mkdir()
    (out / "labelled").symlink_to(whole / "labelled")
    folds = pl.read_parquet(whole / "folds" / "folds.parquet")
    trained = pl.col("side") == "train"
    fewer = folds.filter(~trained | pl.col("account_id").is_in(kept.implode()))
    write_parquet(fewer, out / "folds" / "folds.parquet", _KEYS)


def _score(folder: Path, made: Path, params: Params) -> pl.DataFrame:
    """Scores of the accounts that each fold tests."""
    features = made / "features"
    with redirect_stdout(StringIO()):
        featurize(
            folder / "canonical",
            made / "labelled",
            made / "folds",
            params.featurize,
            features,
        )
    scored = score_world(
        made, ("loco",), params.train, params.calibrate, made / "scored"
    )
    return scored.filter(model="telltale", protocol="loco", part="test")


def gain(
    one: dict[str, Any],
    other: dict[str, Any],
    campaigns: list[Campaign],
    figure: str,
    rules: Rules,
) -> Gain:
    """What `other` has more, mean over headline campaigns, and its interval.

    Args:
        one: block of protocol_block.
        other: the same of another model.
        campaigns: of this world.
        figure: which both have.
        rules: of the interval over operators.
    """
    by_operator: dict[str, list[float]] = {}
    for campaign in campaigns:
        if not campaign.in_headline or campaign.name not in one["campaigns"]:
            continue
        had, has = (block["campaigns"][campaign.name][figure] for block in (one, other))
        if had is not None and has is not None:
            by_operator.setdefault(campaign.operator, []).append(has - had)
    every = [value for own in by_operator.values() for value in own]
    if not every:
        return None, None, None
    return fmean(every), *operator_interval(list(by_operator.values()), rules)


def figures_table(found: Matched) -> list[str]:
    """A row a figure, in Markdown."""
    rows = []
    for figure in FIGURES:
        for what in ("mean", "worst"):
            cells = [f"{figure}, {what}"]
            for way in WAYS:
                cells.append(_number(found.blocks[way][figure][what]))
                if way[0] != "all":
                    gained = found.gains[way, figure]
                    cells.append(_gained(*gained) if what == "mean" else "-")
            rows.append(cells)
    head = ["figure"]
    for which, judged in WAYS:
        head += [f"{which}, {judged}", *(["gained"] if which != "all" else [])]
    return table(head, rows)


def balance_table(found: Matched) -> list[str]:
    """A row a block, in Markdown."""
    names = (*NUMBERS, "language")
    pairs = zip(found.before, found.after, strict=True)
    rows = [
        [b["block"], *(f"{_apart(b[name])}, {_apart(a[name])}" for name in names)]
        for b, a in pairs
    ]
    return table(["block", *names], rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _apart(value: float | None) -> str:
    # No negative zero.
    return "-" if value is None else f"{round(value, 2) + 0.0:.2f}"


def _gained(mean: float | None, low: float | None, high: float | None) -> str:
    if mean is None:
        return "-"
    ends = "" if low is None else f" [{low:+.3f}, {high:+.3f}]"
    return f"{mean:+.3f}{ends}"
