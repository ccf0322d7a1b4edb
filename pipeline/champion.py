"""The champion as a directory, checked against what was tracked.

It holds bundle/, champion.json, and metrics.json for a report to be compared with.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from features.errors import ArtefactError
from models.bundle import bundle_hash
from pipeline.files import atomic_directory, write_json
from pipeline.run_record import content_hash
from pipeline.stage import say
from pipeline.tracking.registry import CHAMPION, Registry, Version


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
        target: directory to write: bundle/, champion.json and metrics.json.

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
            working / "champion.json",
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
    """metrics.json as a run logged it."""
    return json.loads(models.read_text(run, "metrics.json"))
