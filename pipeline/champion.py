"""The champion as a directory, checked against what was tracked.

It holds bundle/, champion.json, and metrics.json for a report to be compared with.
"""

import json
import shutil
from pathlib import Path
from typing import Any, Final

from features.errors import ArtefactError, InputError
from models.bundle import bundle_hash
from pipeline.files import atomic_directory, write_json
from pipeline.run_record import content_hash
from pipeline.stage import say
from pipeline.tracking.registry import CHAMPION, Registry, Version

_FACTS: Final = "champion.json"


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


def check_target(target: Path) -> None:
    """Refuse to replace or remove anything else than a champion.

    Raises:
        InputError: there is something else in this place.
    """
    if not target.exists() and not target.is_symlink():
        return
    ours = target.is_dir() and not target.is_symlink()
    # Empty, it holds nothing that could be lost.
    if not ours or (any(target.iterdir()) and not (target / _FACTS).is_file()):
        raise InputError(
            f"{target}: no champion is laid out there, but something else, which would "
            "be lost; give another directory"
        )


def export(models: Registry, target: Path) -> None:
    """Lay the champion out as a directory, or say why there is none.

    Args:
        models: the world's registry.
        target: directory to write: bundle/, champion.json and metrics.json.

    Raises:
        ArtefactError: the champion's bundle is not what was tracked.
        InputError: there is something else in this place.
    """
    check_target(target)
    champion = models.version(CHAMPION)
    if champion is None:
        if target.exists():
            shutil.rmtree(target)
            say(f"{target}: removed")
        say(f"{models.name}: no champion, so nothing to package")
        for line in _why_none(models):
            say(line)
        return
    metrics = stored_metrics(models, champion.evidence)
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
            working / _FACTS,
        )
        write_json(metrics, working / "metrics.json")
    say(f"{target}: {models.name} version {champion.number}")


def _why_none(models: Registry) -> list[str]:
    run = models.newest_run()
    if run is None:
        return ["no run is tracked yet: `make repro` makes one"]
    failed = [
        gate
        for gate in stored_metrics(models, run)["gates"]
        if gate["status"] == "failed"
    ]
    return [
        f"gate {gate['code']} {gate['status']}: {gate['value']}, limit {gate['limit']}"
        f"{': ' + gate['reason'] if gate['reason'] else ''}"
        for gate in failed
    ]


def stored_metrics(models: Registry, run: str) -> Any:
    """metrics.json as a run logged it.

    Raises:
        ArtefactError: it is not as evaluate writes it.
    """
    try:
        metrics = json.loads(models.read_text(run, "metrics.json"))
        whole = {"loco", "gates"} <= set(metrics) and "campaigns" in metrics["loco"]
    except (ValueError, TypeError):
        whole = False
    if not whole:
        raise ArtefactError(
            f"{models.name}, run {run}: metrics.json in the store is not as it was "
            "tracked; bring the original back, or delete the run in `make ui` and run "
            "`make repro` again"
        )
    return metrics
