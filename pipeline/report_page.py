"""Report page: one page from which an engineer knows whether to promote the model."""

from pathlib import Path
from typing import Any

from features.errors import ArtefactError
from models.comparison import compare
from models.metrics import FIGURES
from pipeline import (
    report_breakdowns,
    report_campaigns,
    report_curves,
    report_forecasts,
    report_headline,
    report_labels,
    report_limits,
    report_lines,
    report_risk,
)
from pipeline.evaluate import EvaluateParams
from pipeline.files import atomic_file, read_json
from pipeline.markup import Html, page
from pipeline.section import load_section
from pipeline.stage import run_stage, say, stage_parser, world_lock

_SIMULATED = "demo"


def report(
    world: str,
    metrics: dict[str, Any],
    details: dict[str, Any],
    against: dict[str, Any] | None,
    params: EvaluateParams,
    ledger: Path | None = None,
) -> Html:
    """The page, in the order in which it is to be read.

    Args:
        world: a world of params.yaml.
        metrics: metrics.json.
        details: report.json.
        against: metrics.json of another model to be compared with; null for none.
        params: for the interval of that comparison.
        ledger: folder of forecasts that the page is to show; null for none.

    Raises:
        ArtefactError: metrics or details are of code that measured less, or what is to
            be compared with has no campaigns.
    """
    _check(metrics, details)
    simulated = world == _SIMULATED
    notice = (
        "SIMULATED world: these figures test the machinery and say nothing about real "
        "accounts."
        if simulated
        else "Real accounts, of which this page shows figures and no text."
    )
    beside = Html("")
    if against == metrics:
        beside = report_headline.is_champion()
    elif against is not None:
        _check_other(against)
        found = compare(metrics, against, params.rules())
        beside = report_headline.beside_champion(metrics, against, found)
    forecasts = Html("")
    if ledger is not None:
        forecasts = report_forecasts.frozen_forecasts(ledger)
    return page(
        f"Evaluation of telltale-{world}",
        notice,
        report_headline.headline(metrics, details),
        beside,
        report_campaigns.campaigns(metrics, details),
        report_campaigns.forward(metrics, details),
        forecasts,
        report_breakdowns.operating_points(details),
        report_lines.lines(metrics),
        report_campaigns.calibration(details),
        report_risk.selective_risk(metrics, details),
        report_breakdowns.panel(metrics),
        report_breakdowns.slices(details),
        report_curves.evidence(details),
        report_labels.wrong(metrics),
        report_labels.suspected(world, metrics),
        report_breakdowns.baselines(metrics),
        report_limits.audit(metrics),
        report_limits.others(metrics),
        report_limits.limits(metrics, details, simulated),
        report_breakdowns.optimism(metrics),
    )


def _check(metrics: dict[str, Any], details: dict[str, Any]) -> None:
    stated, told = _names(metrics), _names(details)
    unseen = _names(metrics["loco"]) if "loco" in stated else set()
    audited = _names(metrics["audit"]) if "audit" in stated else set()
    lacking = [
        *(name for name in ("label_noise", "label_errors") if name not in stated),
        *(f"loco.{name}" for name in FIGURES if name not in unseen),
        *(
            f"loco.{name}.over"
            for name in FIGURES
            if name in unseen and "over" not in _names(metrics["loco"][name])
        ),
        *(
            f"audit.{name}"
            for name in ("missing_together", "evened")
            if name not in audited
        ),
        *(name for name in ("over_time", "selective_risk") if name not in told),
    ]
    if lacking:
        raise ArtefactError(
            f"metrics.json and report.json: expected {', '.join(lacking)}, not found: "
            "made by older code; run `make repro` again"
        )


def _check_other(against: Any) -> None:
    loco = against.get("loco") if isinstance(against, dict) else None
    if "campaigns" not in _names(loco):
        raise ArtefactError(
            "the model to compare with: expected loco.campaigns, not found; give the "
            "metrics.json of a model"
        )


def _names(value: Any) -> set[str]:
    """Names of a JSON object; none of anything else."""
    return set(value) if isinstance(value, dict) else set()


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument("--metrics", type=Path, required=True, help="metrics.json")
    parser.add_argument("--details", type=Path, required=True, help="report.json")
    parser.add_argument(
        "--against", type=Path, help="metrics.json of a model to compare with"
    )
    parser.add_argument("--ledger", type=Path, help="folder of forecasts to show")
    parser.add_argument("--out", type=Path, required=True, help="page to write")
    args = parser.parse_args()
    params = load_section(args.params, "evaluate", EvaluateParams)
    with world_lock(args.world):
        html = report(
            args.world,
            read_json(args.metrics),
            read_json(args.details),
            None if args.against is None else read_json(args.against),
            params,
            args.ledger,
        )
        with atomic_file(args.out) as working:
            working.write_text(html, encoding="utf-8")
    say(f"wrote {args.out}")


if __name__ == "__main__":
    run_stage(main)
