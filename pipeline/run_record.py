"""What a tracked run carries, read from files: no tracking library here.

Everything is derived from the outputs themselves. dvc.lock cannot be asked for their
hashes, because DVC writes it only after the stage that tracks has ended.
"""

import hashlib
import json
import math
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from packaging.requirements import Requirement

from features.errors import InputError
from pipeline.files import read_json
from pipeline.section import Section, read_params, validate

MODEL_FILES: Final = ("booster.txt", "calibrator.json", "bundle.json")
# What the native LightGBM model needs to be loaded elsewhere.
MODEL_PACKAGES: Final = ("lightgbm", "numpy", "scipy", "narwhals")
MEASURED: Final = (
    *("loco", "temporal", "random", "optimism_gap", "baselines", "lead_on_strongest"),
    *("audit", "label_noise", "label_errors"),
)


class Gate(Section):
    """A release criterion and what became of it."""

    code: str
    status: Literal["passed", "failed", "not_applicable"]
    value: float | str | None
    # A number, or the criterion in words.
    limit: float | str | None
    reason: str | None


@dataclass(frozen=True)
class Outputs:
    """Paths of what one run of the pipeline made."""

    metrics: Path
    bundle: Path
    plots: Path
    card: Path
    details: Path
    report: Path
    lock: Path
    data: tuple[Path, ...]


@dataclass(frozen=True)
class RunRecord:
    """One run, ready to be written down.

    model_hash says which model it is, evidence_hash what was measured about it: the
    same model may be measured again, under other limits for example.
    """

    world: str
    model_hash: str
    evidence_hash: str
    feature_names: list[str]
    params: dict[str, str]
    figures: dict[str, float]
    gates: list[Gate]
    tags: dict[str, str]
    requirements: list[str]
    outputs: Outputs

    @property
    def failed(self) -> list[Gate]:
        """Gates that failed.

        One that does not apply has failed already where no model may go without it
        (models.gates.required).
        """
        return [gate for gate in self.gates if gate.status == "failed"]


def read_record(
    world: str, outputs: Outputs, params: Path, requirements: Path
) -> RunRecord:
    """Everything that a run of this world carries.

    Args:
        world: a world of params.yaml.
        outputs: what the earlier stages wrote.
        params: parameter file.
        requirements: lock file of the serving environment.

    Raises:
        InputError: an output is missing or has not the agreed shape.
    """
    bundle, metrics = (
        read_json(outputs.bundle / "bundle.json"),
        read_json(outputs.metrics),
    )
    if not isinstance(bundle, dict) or not isinstance(
        bundle.get("feature_names"), list
    ):
        raise InputError(f"{outputs.bundle}/bundle.json: expected a list feature_names")
    if not isinstance(metrics, dict) or "gates" not in metrics:
        raise InputError(
            f"{outputs.metrics}: expected a list gates; run evaluate again"
        )
    gates: list[Gate] = validate(outputs.metrics, "gates", metrics["gates"], list[Gate])
    hashed = [
        outputs.metrics,
        outputs.bundle,
        outputs.plots,
        outputs.card,
        outputs.details,
        outputs.report,
        *outputs.data,
    ]
    return RunRecord(
        world=world,
        model_hash=model_hash(outputs.bundle),
        # The page only shows what these hold.
        evidence_hash=_joint_hash(
            [outputs.metrics, outputs.plots, outputs.card, outputs.details]
        ),
        feature_names=bundle["feature_names"],
        params=parameters(read_params(params), world),
        figures=figures(metrics),
        gates=gates,
        tags={
            "world": world,
            **{f"sha256.{path.as_posix()}": content_hash(path) for path in hashed},
            **source_state(Path.cwd()),
            **{
                name.lower(): os.environ[name]
                for name in ("DVC_EXP_NAME", "DVC_EXP_BASELINE_REV")
                if os.environ.get(name)
            },
        },
        requirements=pinned(requirements, MODEL_PACKAGES),
        outputs=outputs,
    )


def model_hash(bundle: Path) -> str:
    """Sha-256 that names the model: booster, calibrator and what the bundle declares."""
    return _joint_hash([bundle / name for name in MODEL_FILES])


def content_hash(path: Path) -> str:
    """Sha-256 of a file, or of a directory's relative names and contents.

    Raises:
        InputError: there is no such file or directory.
    """
    if path.is_dir():
        listing = [
            f"{file.relative_to(path).as_posix()} {content_hash(file)}\n"
            for file in sorted(path.rglob("*"))
            if file.is_file()
        ]
        return hashlib.sha256("".join(listing).encode()).hexdigest()
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; run the stage that writes it"
        ) from None


def _joint_hash(paths: list[Path]) -> str:
    joined = "".join(f"{path.name} {content_hash(path)}\n" for path in paths)
    return hashlib.sha256(joined.encode()).hexdigest()


def figures(metrics: dict[str, Any]) -> dict[str, float]:
    """Every number that was measured, under a dotted name.

    A campaign's figures stand beside its block's: `loco.<campaign>.auc`. Null figures
    (those that may not be reported) and words are left out.
    """
    found: dict[str, float] = {}

    def walk(name: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(name if key == "campaigns" else f"{name}.{key}", inner)
        elif type(value) in (int, float) and math.isfinite(value):
            found[re.sub(r"[^\w.\- /]", "_", name, flags=re.ASCII)] = float(value)

    for block in MEASURED:
        walk(block, metrics.get(block))
    return found


def parameters(params: dict[str, Any], world: str) -> dict[str, str]:
    """Parameters of this world under dotted names; the sources of others are left out."""
    found: dict[str, str] = {}

    def walk(name: str, value: object) -> None:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                walk(f"{name}.{key}" if name else str(key), inner)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for position, inner in enumerate(value):
                walk(f"{name}.{inner.get('name', position)}", inner)
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            found[re.sub(r"[^\w.\- /]", "_", name, flags=re.ASCII)] = text

    for section, value in params.items():
        if section == "sources":
            walk(f"sources.{world}", value.get(world, []))
        elif section != "worlds":
            walk(section, value)
    return found


def source_state(root: Path) -> dict[str, str]:
    """Commit of the code and whether files differ from it; empty without a commit."""
    try:
        commit, changed = (
            subprocess.run(
                ["git", *arguments],
                cwd=root,
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()
            for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain"])
        )
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {"git_commit": commit, "git_dirty": str(bool(changed)).lower()}


def pinned(lock: Path, names: tuple[str, ...]) -> list[str]:
    """Requirement lines `name==version` of the named packages.

    Raises:
        InputError: the lock file does not pin one of them.
    """
    try:
        text = lock.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{lock}: no such file; `make lock` writes it") from None
    lines = re.findall(r"^[a-z0-9-]+==[^\\\n]+", text, flags=re.MULTILINE)
    wanted = [Requirement(line) for line in lines if line.split("==")[0] in names]
    # A version may be pinned for each Python: the one for this Python is meant.
    pins = {
        each.name: f"{each.name}{each.specifier}"
        for each in wanted
        if each.marker is None or each.marker.evaluate()
    }
    if absent := [name for name in names if name not in pins]:
        raise InputError(f"{lock}: does not pin {', '.join(absent)}; run `make lock`")
    return [pins[name] for name in names]
