"""Promote: the champion is the challenger that passed and is better, or the first.

Better means: on campaigns that neither model saw, the interval of the difference in
average precision, drawn by operator and paired by campaign, excludes zero from above, and
the worst campaign is found no worse. A lead on few campaigns of many is none. Every move
and every refusal is written into the registry with its reason, and `--undo` takes the
last move back. The champion is then laid out as a directory, from which it is packaged.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any, Final

from features.errors import InputError
from models.comparison import Comparison, compare
from models.evaluation import Rules
from pipeline.champion import (
    check_target,
    checked_bundle,
    export,
    stored_metrics,
)
from pipeline.evaluate import EvaluateParams
from pipeline.section import load_section
from pipeline.stage import run_stage, say, stage_parser, world_lock
from pipeline.tracking.registry import (
    CHALLENGER,
    CHAMPION,
    Promotion,
    Registry,
    Version,
    registry,
)
from pipeline.tracking.store import tracking_uri

TAKEN_BACK: Final = "taken_back"
REFUSED: Final = "refused_because"


def promote(
    models: Registry, rules: Rules, worst_margin: float, forced: str | None
) -> None:
    """Move the alias if the rule allows it, or a person gave a reason; say why.

    Args:
        models: the world's registry.
        rules: of the interval.
        worst_margin: how far the worst campaign may fall below the champion's.
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
            stored_metrics(models, challenger.evidence),
            stored_metrics(models, champion.evidence),
            rules,
        )
    why_not = _objection(challenger, champion, found, worst_margin)
    if why_not and not forced:
        models.tag(challenger.number, {REFUSED: why_not})
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
    challenger: Version,
    champion: Version | None,
    found: Comparison | None,
    worst_margin: float,
) -> str | None:
    """Why the rule does not promote; null if it does."""
    if TAKEN_BACK in challenger.tags:
        return f"it was champion and {challenger.tags[TAKEN_BACK]}"
    if champion is None or found is None:
        return None
    if found.low is None:
        return f"not comparable with version {champion.number}: {found}"
    if not found.of_most:
        return (
            f"not comparable with version {champion.number}: {found}; most campaigns "
            "of that one were not judged on the same accounts by both"
        )
    if not found.better:
        return f"not better than version {champion.number}: {found}; 0 is not excluded"
    if found.worst_loss > worst_margin:
        return (
            f"worse than version {champion.number} on the worst campaign: "
            f"{found.worst_campaign} at {found.worst:.4f} average precision, the worst "
            f"was {found.worst_before:.4f}; at most {worst_margin:g} less is allowed"
        )
    return None


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
    if REFUSED in challenger.tags:
        # The refusal no longer holds; one that was overruled stands in `because`.
        models.untag(challenger.number, REFUSED)


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
    moves = models.promotions()
    standing = standing_moves(moves)
    champion = models.version(CHAMPION)
    number = champion.number if champion else None
    if moves and moves[-1].action == "undone" and number == moves[-1].over:
        # Cut off: written down and not made.
        models.point_champion(moves[-1].version)
        now = f"version {moves[-1].version}" if moves[-1].version else "none"
        say(f"{models.name}: the last undo is finished; champion is {now}")
        return
    if not standing:
        say(f"{models.name}: nothing to undo")
        return
    last = standing[-1]
    if last.version != number:
        raise InputError(
            f"{models.name}: the last move on record made version "
            f"{last.version or 'none'} champion, and now it is {number or 'none'}: the "
            "alias was moved by hand; set it back in `make ui`, then undo"
        )
    before = models.numbered(last.over) if last.over else None
    if before and before.tags.get("gates") != "passed":
        raise InputError(
            f"{models.name} version {before.number}, champion before, has failed since: "
            f"{before.tags.get('gates_failed')}; it is not restored"
        )
    because = f"taken back: {last.action} because {last.because}"
    if last.version:
        # First: cut off after the move, the rule would promote it again.
        models.tag(last.version, {TAKEN_BACK: "taken back by --undo"})
    models.move_champion(Promotion("undone", last.over, last.version, because))
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
    params = load_section(args.params, "evaluate", EvaluateParams)
    known = load_section(args.params, "sources", dict[str, Any])
    if args.world not in known:
        raise InputError(
            f"world {args.world}: not in {args.params}; known: {', '.join(known)}"
        )
    target = args.champion or Path("artifacts") / args.world / "champion"
    # Before the alias moves: it must not name what cannot be laid out.
    check_target(target)
    with (
        world_lock(args.world),
        registry(args.world, tracking_uri(Path.cwd())) as models,
    ):
        if args.undo:
            undo(models)
        else:
            promote(models, params.rules(), params.worst_margin, args.force)
        export(models, target)


if __name__ == "__main__":
    run_stage(main)
