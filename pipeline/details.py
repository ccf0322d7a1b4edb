"""Details: figures by slice, operating point, coverage and evidence, for the page."""

from pathlib import Path
from typing import Any, Final

import polars as pl

from models.metrics import FPR
from models.over_time import over_time
from models.panel import fold_thresholds
from models.posts_curves import (
    draw_sample,
    least_posts,
    stability,
    time_to_detect,
    with_thresholds,
)
from pipeline.doubt import AbstentionParams
from pipeline.evaluate import EvaluateParams, load_campaigns, load_scored
from pipeline.files import atomic_directory, read_json, write_json
from pipeline.report_facts import facts, what_is_known
from pipeline.rescoring import Stored, rescored
from pipeline.section import load_section
from pipeline.stage import run_stage, say, stage_parser, world_lock

# Curves that are plots too, and their columns.
CURVES: Final = {
    "time_to_detect": ["posts", "reached", "recall", "fpr", "auc"],
    "stability": ["posts", "accounts", "rank_correlation", "flip_rate", "harmed"],
    "selective_risk": ["coverage", "loco", "temporal", "random"],
    "label_noise": ["share", "auc", "measured", "flawless"],
}


def details(
    paths: dict[str, Path],
    params: EvaluateParams,
    silence: AbstentionParams,
) -> dict[str, Any]:
    """Write report.json and the points of the curves; the former.

    Args:
        paths: the outputs of earlier stages, by name; `out` and `curves` to write.
        params: section evaluate.
        silence: section calibrate.abstention, whose fewest posts the curve must bear out.
    """
    labelled = paths["labelled"]
    scored = load_scored(paths["calibrated"], labelled)
    declared = read_json(labelled / "campaigns.json")
    found = facts(
        scored,
        what_is_known(
            paths["canonical"], paths["features"], labelled / "labels.parquet"
        ),
        load_campaigns(labelled),
        {c["name"]: c["disclosed_at"] for c in declared},
        params,
    )
    say("slices and operating points: done")
    loco = scored.filter(model="telltale", protocol="loco")
    unseen = loco.filter(part="test").select("account_id", "fold", "label", "campaign")
    names = ("canonical", "labelled", "features", "trained", "calibrated")
    sample = draw_sample(unseen, params.curve_accounts, params.seed)
    scores = rescored(
        Stored(**{name: paths[name] for name in names}),
        sample,
        params.days_earlier,
        silence.least_posts,
    )
    sample = with_thresholds(sample, fold_thresholds(loco, FPR))
    found["time_to_detect"] = time_to_detect(scores, sample, params.confidence)
    found["stability"] = stability(scores, sample, params.confidence)
    found["least_posts"] = least_posts(
        found["stability"], silence.least_posts, params.most_harmed
    )
    found["over_time"] = {"days": params.days_earlier} | over_time(
        scores,
        sample,
        {
            f"fpr_{rate:g}": fold_thresholds(loco, rate)
            for rate in (FPR, params.audits.panel_rate)
        },
        params.confidence,
    )
    say("curves over posts and time: done")
    write_json(found, paths["out"])
    noise = read_json(paths["metrics"])["label_noise"]["curve"]
    with atomic_directory(paths["curves"]) as working:
        for name, columns in CURVES.items():
            points = pl.DataFrame(
                # The last row of the first curve is of no number of posts.
                [
                    [r[c] for c in columns]
                    for r in (found | {"label_noise": noise})[name]
                    if r[columns[0]] is not None
                ],
                schema=columns,
                orient="row",
                infer_schema_length=None,
            )
            points.write_csv(working / f"{name}.csv")
    return found


_PATHS = (
    ("calibrated", "output of calibrate"),
    ("trained", "output of train"),
    ("features", "output of featurize"),
    ("labelled", "output of label"),
    ("canonical", "tables of ingest"),
    ("metrics", "metrics.json of evaluate"),
    ("out", "report.json to write"),
    ("curves", "directory of plot data to write"),
)


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    for name, what in _PATHS:
        parser.add_argument(f"--{name}", type=Path, required=True, help=what)
    args = parser.parse_args()
    params = load_section(args.params, "evaluate", EvaluateParams)
    silence = load_section(args.params, "calibrate.abstention", AbstentionParams)
    with world_lock(args.world):
        paths = {name: getattr(args, name) for name, _ in _PATHS}
        details(paths, params, silence)


if __name__ == "__main__":
    run_stage(main)
