"""Promote: the champion is the challenger that passed and is better, or the first.

Better means: on campaigns that neither model saw, the interval of the difference in
average precision, drawn by operator and paired by campaign, excludes zero from above.
Every move is written into the registry with its reason, and `--undo` takes the last one
back. The champion is then laid out as a directory, from which it is packaged.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from features.errors import ArtefactError, InputError
from models.bundle import bundle_hash
from models.evaluation import Rules, operator_interval
from pipeline.evaluate import EvaluateParams
from pipeline.files import atomic_directory, write_json
from pipeline.run_record import content_hash
from pipeline.section import load_section
from pipeline.stage import run_stage, say, stage_parser, world_lock
from pipeline.tracking import (
    CHALLENGER,
    CHAMPION,
    Promotion,
    Registry,
    Version,
    registry,
    tracking_uri,
)

FIGURE: Final = "average_precision"
TAKEN_BACK: Final = "taken_back"


@dataclass(frozen=True)
class Comparison:
    """The challenger's lead over the champion, on the campaigns that both were judged on.

    Attributes:
        lead: mean over the campaigns; null if there are none.
        low: of its interval; null with fewer than two operators.
        high: of its interval; null with fewer than two operators.
        campaigns: how many.
        operators: how many ran them.
        confidence: of the interval.
    """

    lead: float | None
    low: float | None
    high: float | None
    campaigns: int
    operators: int
    confidence: float

    @property
    def better(self) -> bool:
        return self.low is not None and self.low > 0

    def __str__(self) -> str:
        if self.lead is None or self.low is None:
            return f"{self.operators} operator(s) in common, at least 2 are needed"
        return (
            f"average precision {self.lead:+.4f}, {self.confidence:.0%} interval "
            f"[{self.low:+.4f}, {self.high:+.4f}], {self.campaigns} campaigns of "
            f"{self.operators} operators"
        )


def compare(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], rules: Rules
) -> Comparison:
    """How far our headline figure is above theirs; operators are drawn as wholes.

    Args:
        ours: metrics.json of the challenger.
        theirs: metrics.json of the champion.
        rules: draws, confidence and seed.
    """
    rows, others = ours["loco"]["campaigns"], theirs["loco"]["campaigns"]
    by_operator: dict[str, list[float]] = {}
    for name, row in rows.items():
        other = others.get(name)
        if other is None or not (row["in_headline"] and other["in_headline"]):
            continue
        if row[FIGURE] is not None and other[FIGURE] is not None:
            # A fold of this protocol is an operator.
            leads = by_operator.setdefault(row["fold"], [])
            leads.append(row[FIGURE] - other[FIGURE])
    every = [lead for leads in by_operator.values() for lead in leads]
    low, high = operator_interval(list(by_operator.values()), rules)
    return Comparison(
        float(np.mean(every)) if every else None,
        low,
        high,
        len(every),
        len(by_operator),
        rules.confidence,
    )


def promote(models: Registry, rules: Rules, forced: str | None) -> None:
    """Move the alias if the rule allows it, or a person gave a reason; say why.

    Args:
        models: the world's registry.
        rules: of the interval.
        forced: reason to promote although the rule does not allow it; null without.

    Raises:
        ArtefactError: the challenger's bundle is not what was tracked.
    """
    champion = withdraw_failed(models, models.version(CHAMPION))
    challenger = models.version(CHALLENGER)
    if challenger is None or challenger.tags.get("gates") != "passed":
        say("nothing to promote: no challenger whose gates passed")
        return
    here = f"{models.name} version {challenger.number}"
    if champion and champion.number == challenger.number:
        say(f"{here} is challenger and champion: nothing to decide")
        return
    found = None
    if champion:
        found = compare(
            _metrics(models, challenger.evidence),
            _metrics(models, champion.evidence),
            rules,
        )
    why_not = _objection(challenger, champion, found)
    if why_not and not forced:
        say(f"{here} is not promoted: {why_not}")
        say("to promote it all the same: --force '<reason>'")
        return
    if why_not:
        because = f"forced: {forced} (by rule not: {why_not})"
    elif champion:
        because = f"better than version {champion.number}: {found}"
    else:
        because = "no champion yet, and its gates passed"
    with tempfile.TemporaryDirectory() as folder:
        checked_bundle(models, challenger, Path(folder))
    _move(models, challenger, champion, because, found, forced if why_not else None)
    say(f"{here} is champion: {because}")


def _objection(
    challenger: Version, champion: Version | None, found: Comparison | None
) -> str | None:
    """Why the rule does not promote; null if it does."""
    if TAKEN_BACK in challenger.tags:
        return f"it was champion and {challenger.tags[TAKEN_BACK]}"
    if champion is None or found is None or found.better:
        return None
    if found.low is None:
        return f"not comparable with version {champion.number}: {found}"
    return f"not better than version {champion.number}: {found}; 0 is not excluded"


def _move(
    models: Registry,
    challenger: Version,
    champion: Version | None,
    because: str,
    found: Comparison | None,
    forced: str | None,
) -> None:
    over = champion.number if champion else None
    interval = str(found) if found else None
    models.move_champion(
        Promotion("promoted", challenger.number, over, because, interval, forced)
    )
    tags = {
        "promoted_because": because,
        "promoted_over": over or "none",
        "promoted_interval": interval or "none",
        "promoted_by_force": forced or "no",
    }
    models.tag(challenger.number, tags)


def withdraw_failed(models: Registry, champion: Version | None) -> Version | None:
    """The champion, unless a gate failed when it was measured again: then none."""
    if champion is None or champion.tags.get("gates") == "passed":
        return champion
    because = f"gates failed when measured again: {champion.tags.get('gates_failed')}"
    models.move_champion(Promotion("withdrawn", None, champion.number, because))
    say(f"{models.name} version {champion.number} is no longer champion: {because}")
    return None


def undo(models: Registry) -> None:
    """Take the last move back; the version taken back is not promoted again by rule.

    Raises:
        InputError: the alias was moved by hand, or the champion before has failed its
            gates since.
    """
    standing = standing_moves(models.promotions())
    champion = models.version(CHAMPION)
    if not standing:
        say(f"{models.name}: nothing to undo")
        return
    last = standing[-1]
    if last.version != (champion.number if champion else None):
        raise InputError(
            f"{models.name}: the last move on record made version "
            f"{last.version or 'none'} champion, and now it is "
            f"{champion.number if champion else 'none'}: the alias was moved by hand; "
            "set it back in `make ui`, then undo"
        )
    before = models.numbered(last.over) if last.over else None
    if before and before.tags.get("gates") != "passed":
        raise InputError(
            f"{models.name} version {before.number}, champion before, has failed since: "
            f"{before.tags.get('gates_failed')}; it is not restored"
        )
    because = f"taken back: {last.action} because {last.because}"
    models.move_champion(Promotion("undone", last.over, last.version, because))
    if last.version:
        models.tag(last.version, {TAKEN_BACK: "taken back by --undo"})
    restored = f"version {last.over} is champion again" if before else "no champion"
    say(f"{models.name}: {last.action} {last.version or 'none'} is undone: {restored}")


def standing_moves(moves: list[Promotion]) -> list[Promotion]:
    """Moves that no undo has taken back, oldest first; a repeated one counts once."""
    standing: list[Promotion] = []
    for move in moves:
        if move.action == "undone":
            standing = standing[:-1]
        elif not standing or (move.version, move.over) != (
            standing[-1].version,
            standing[-1].over,
        ):
            standing.append(move)
    return standing


def checked_bundle(models: Registry, version: Version, folder: Path) -> Path:
    """The version's bundle, copied from the store and compared with its run's hash.

    Raises:
        ArtefactError: it differs from what was tracked.
    """
    bundle = models.download(version.run_id, "bundle", folder)
    tags = models.run_tags(version.run_id)
    tracked = [
        value
        for key, value in tags.items()
        if key.startswith("sha256.") and Path(key).name == "bundle"
    ]
    if tracked != [content_hash(bundle)]:
        raise ArtefactError(
            f"{models.name} version {version.number}: the bundle in the store is not the "
            f"one that run {version.run_id} tracked; bring the original back, or delete "
            "the run in `make ui` and run `make repro` again"
        )
    return bundle


def export(models: Registry, target: Path) -> None:
    """Lay the champion out as a directory, or say why there is none.

    Args:
        models: the world's registry.
        target: directory to write: bundle/ and champion.json.

    Raises:
        ArtefactError: the champion's bundle is not what was tracked.
    """
    champion = models.version(CHAMPION)
    if champion is None:
        if target.exists():
            shutil.rmtree(target)
            say(f"{target}: removed")
        say(f"{models.name}: no champion, so nothing to package")
        for line in _why_none(models):
            say(line)
        return
    metrics = _metrics(models, champion.evidence)
    with atomic_directory(target) as working:
        bundle = checked_bundle(models, champion, working)
        description = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
        write_json(
            {
                "name": models.name,
                "version": champion.number,
                "run_id": champion.run_id,
                "world": description["world"],
                "fingerprint": description["fingerprint"],
                "model_hash": champion.tags["model_hash"],
                "bundle_hash": bundle_hash(bundle),
                "gates": metrics["gates"],
                "headline": {
                    name: figure
                    for name, figure in metrics["loco"].items()
                    if name != "campaigns"
                },
                "card": models.read_text(champion.evidence, "model_card.md"),
            },
            working / "champion.json",
        )
    say(f"{target}: {models.name} version {champion.number}")


def _why_none(models: Registry) -> list[str]:
    run = models.newest_run()
    if run is None:
        return ["no run is tracked yet: `make repro` makes one"]
    failed = [
        gate for gate in _metrics(models, run)["gates"] if gate["status"] == "failed"
    ]
    return [
        f"gate {gate['code']} failed: {gate['value']}, limit {gate['limit']}"
        f"{': ' + gate['reason'] if gate['reason'] else ''}"
        for gate in failed
    ]


def _metrics(models: Registry, run: str) -> Any:
    return json.loads(models.read_text(run, "metrics.json"))


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument("--champion", type=Path, help="directory to write")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--undo", action="store_true", help="take the last move back")
    choice.add_argument("--force", metavar="REASON", help="promote against the rule")
    args: argparse.Namespace = parser.parse_args()
    if args.force is not None and not args.force.strip():
        raise InputError("--force: give the reason, in words; it is kept on record")
    rules = load_section(args.params, "evaluate", EvaluateParams).rules()
    target = args.champion or Path("artifacts") / args.world / "champion"
    with (
        world_lock(args.world),
        registry(args.world, tracking_uri(Path.cwd())) as models,
    ):
        if args.undo:
            undo(models)
        else:
            promote(models, rules, args.force)
        export(models, target)


if __name__ == "__main__":
    run_stage(main)
