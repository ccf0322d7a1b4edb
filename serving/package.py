"""Package: the champion, the code that serves it and their lock, built into a Bento.

What goes in is first laid out in a temporary directory, and the Bento is built there by
a process of its own, so that nothing but these files can be packed or be imported. The
version says which champion and which content: the same content is not built twice, and
a Bento is never changed, since a service may be running from it.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from features.errors import ArtefactError, InputError, TelltaleError
from models.bundle import bundle_hash, load_bundle

ROOT: Final = Path(__file__).resolve().parent.parent
ROOMS: Final = ("features", "models", "serving")
# Code, and what the reviewers' pages are made of.
SUFFIXES: Final = frozenset({".py", ".html", ".css", ".js", ".svg"})
LOCK: Final = "serving/requirements.lock"
SERVICE: Final = "serving.service:Telltale"
_PROMOTE: Final = "promote the challenger: make promote ARGS=\"--force '<reason>'\""


@dataclass(frozen=True)
class Champion:
    """A model that was promoted, as a directory.

    Attributes:
        directory: holds bundle/ and champion.json.
        facts: content of champion.json.
    """

    directory: Path
    facts: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the Bento."""
        return str(self.facts["name"])

    def __str__(self) -> str:
        return f"{self.name} version {self.facts['version']}"


def read_champion(directory: Path) -> Champion:
    """The champion in a directory.

    Raises:
        InputError: there is none.
        ArtefactError: it is not as it was promoted.
    """
    path = directory / "champion.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        found = bundle_hash(directory / "bundle")
        changed = facts["bundle_hash"] != found
        changed |= not {"name", "version", "run_id", "world", "model_hash"} <= set(
            facts
        )
    except FileNotFoundError:
        raise InputError(
            f"{directory}: no champion. `make promote` makes one of a model whose gates "
            "passed, and otherwise names those that failed"
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        changed = True
    if changed:
        raise ArtefactError(
            f"{directory}: not as it was promoted; run `make promote` to lay it out again"
        )
    return Champion(directory, facts)


def sources(root: Path) -> Iterator[Path]:
    """Paths within `root` of the code to pack, sorted; caches and strays are left out."""
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            inner = path.relative_to(root)
            hidden = any(part.startswith((".", "__pycache__")) for part in inner.parts)
            if path.suffix in SUFFIXES and not hidden and path.is_file():
                yield inner
    yield Path(LOCK)


def lay_out(champion: Champion, root: Path, context: Path) -> None:
    """Copy exactly what the Bento holds into an empty directory."""
    for inner in sources(root):
        (context / inner).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / inner, context / inner)
    shutil.copytree(champion.directory / "bundle", context / "bundle")
    shutil.copyfile(champion.directory / "champion.json", context / "champion.json")


def content_hash(context: Path) -> str:
    """SHA-256 over names and contents of all files in a directory."""
    digest = hashlib.sha256()
    for path in sorted(path for path in context.rglob("*") if path.is_file()):
        digest.update(path.relative_to(context).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def bentofile(champion: Champion, commit: str | None) -> dict[str, Any]:
    """BentoML's build configuration.

    The lock is taken as it is: to lock again would need the network, drop the hashes
    and write the address of a package index into the Bento.
    """
    facts = champion.facts
    labels = {
        "model_version": facts["version"],
        "run_id": facts["run_id"],
        "world": facts["world"],
        "fingerprint": facts["bundle_hash"],
        "model_hash": facts["model_hash"],
    }
    if commit:
        labels["git_commit"] = commit
    return {
        "service": SERVICE,
        "name": champion.name,
        "description": f"# {champion}\n\n{facts.get('card', '')}",
        "labels": {key: str(value) for key, value in labels.items()},
        "include": ["*"],
        "python": {"requirements_txt": f"./{LOCK}", "lock_packages": False},
        # LightGBM's wheel needs the OpenMP runtime, which the base image lacks.
        "docker": {
            "system_packages": ["libgomp1"],
            "python_version": ".".join(map(str, sys.version_info[:2])),
        },
    }


def package(champion: Champion, home: Path, root: Path = ROOT) -> str:
    """Build the Bento unless it is there; its tag, which is then the latest.

    Args:
        champion: what to serve.
        home: BENTOML_HOME of the store.
        root: repository whose code is packed.

    Raises:
        ArtefactError: this code cannot serve this champion, and no Bento of it is left.
        InputError: BentoML cannot build it.
    """
    store = home.resolve() / "bentos" / champion.name
    stem = f"v{champion.facts['version']}-{str(champion.facts['model_hash'])[:8]}"
    try:
        load_bundle(champion.directory / "bundle")
    except ArtefactError as error:
        built = _newest(store, stem)
        if built is None:
            raise ArtefactError(
                f"{champion}: {error}. Or check out the code that made it, or "
                f"{_PROMOTE}"
            ) from None
        # What was trained just now is not it, so that training again would not help.
        why = str(error).removesuffix("; train again")
        print(f"  {champion}: {why}", file=sys.stderr)
        print(
            "  the Bento built before, with the code that made it, is kept and served; "
            f"to serve the newest model, {_PROMOTE}",
            file=sys.stderr,
        )
        return _latest(store, built)
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / "context"
        context.mkdir()
        lay_out(champion, root, context)
        version = f"{stem}-{content_hash(context)[:8]}"
        if (store / version / "bento.yaml").exists():
            print(f"  {champion.name}:{version} is packaged already")
            return _latest(store, version)
        configuration = Path(folder) / "bentofile.yaml"
        # JSON is YAML too, and needs no further library.
        configuration.write_text(
            json.dumps(bentofile(champion, git_commit(root))), encoding="utf-8"
        )
        _build(context, configuration, version, home)
    print(f"  {champion.name}:{version} is packaged")
    return _latest(store, version)


def _build(context: Path, configuration: Path, version: str, home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "bentoml", "build", str(context)]
    command += ["--bentofile", str(configuration), "--version", version]
    done = subprocess.run(
        [*command, "--output", "tag"],
        cwd=context,
        env={
            **{key: text for key, text in os.environ.items() if key != "PYTHONPATH"},
            "BENTOML_HOME": str(home.resolve()),
            "BENTOML_DO_NOT_TRACK": "true",
            # The service is imported from the context before that is packed.
            "PYTHONDONTWRITEBYTECODE": "1",
            # BentoML names the address from which it was installed, unless told not to.
            "BENTOML_NO_LOCAL_URL": "true",
        },
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise InputError(f"bentoml build failed: {' '.join(said[-3:])[-600:]}")


def _newest(store: Path, stem: str) -> str | None:
    built = sorted(
        store.glob(f"{stem}-*/bento.yaml"), key=lambda path: path.stat().st_mtime
    )
    return built[-1].parent.name if built else None


def _latest(store: Path, version: str) -> str:
    """Point `latest` at a version: after an undo that is not the one built last."""
    working = store / ".latest"
    working.write_text(version, encoding="utf-8")
    working.replace(store / "latest")
    return f"{store.name}:{version}"


def git_commit(root: Path) -> str | None:
    """Commit of the code, `-dirty` if files differ from it; null outside a repository."""
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
        return None
    return f"{commit}-dirty" if changed else commit


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--champion", type=Path, required=True, help="directory that promote wrote"
    )
    parser.add_argument(
        "--home", type=Path, required=True, help="BENTOML_HOME of the store"
    )
    args = parser.parse_args()
    package(read_champion(args.champion), args.home)


if __name__ == "__main__":
    try:
        main()
    except TelltaleError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
