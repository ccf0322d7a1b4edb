import importlib.metadata
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import polars as pl
import pytest
import yaml
from packaging.requirements import Requirement

from features.artefacts import Artefacts
from features.catalogue import FEATURES
from features.errors import ArtefactError, InputError
from models.bundle import bundle_hash, describe, save_bundle
from models.calibrator import Calibrator
from serving.package import (
    LOCK,
    ROOMS,
    Champion,
    content_hash,
    lay_out,
    package,
    read_champion,
    sources,
)
from tests.models.builders import INTERVALS, LENIENT

NAME = "telltale-demo"
NOT_SERVED = ("mlflow", "dvc", "sklearn", "pandas", "shap", "fastapi")
INDEX = re.compile(
    r"--(extra-)?index(-url)?\b|--default-index|--find-links|--trusted-host"
    r"|https?://\S*/[s]imple\b|file:///\S*/[s]imple\b|[p]ythonhosted\.org|^\s*(extra-)?index-url",
    re.MULTILINE,
)
UNREACHABLE = re.compile(
    r"No matching distribution|NewConnectionError|ConnectTimeout|Could not fetch|"
    r"Temporary failure in name resolution|ProxyError|Network is unreachable"
)


def make_champion(folder: Path, version: str = "3", seed: int = 0) -> Champion:
    """A champion whose model is small and of no use, but fits this code."""
    names = [feature.name for feature in FEATURES]
    values = np.random.default_rng(seed).normal(size=(300, len(names)))
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_leaves": 4},
        lightgbm.Dataset(
            values, label=(values[:, 0] > 0).astype(int), feature_name=names
        ),
        3,
    )
    calibrator = Calibrator(1.0, 0.0, 0.5)
    bundle = folder / "bundle"
    bundle.mkdir(parents=True)
    save_bundle(
        bundle,
        booster.model_to_string(),
        calibrator,
        Artefacts.fit(pl.DataFrame({"handle": ["anna", "bert"]})),
        describe("demo", 0.05, calibrator, {}, {}),
        {},
        INTERVALS,
        LENIENT,
    )
    facts = {
        "name": NAME,
        "version": version,
        "run_id": "0123456789abcdef",
        "world": "demo",
        "model_hash": f"{seed:08x}" + "0" * 56,
        "bundle_hash": bundle_hash(bundle),
        "gates": [],
        "headline": {},
        "card": "# Model card\n\nIn words.\n",
    }
    (folder / "champion.json").write_text(json.dumps(facts))
    return read_champion(folder)


def make_root(folder: Path, root: Path) -> Path:
    """A repository with a service that answers, and nothing of ours."""
    for room in ROOMS:
        (folder / room).mkdir(parents=True)
        (folder / room / "__init__.py").write_text("")
    (folder / "serving" / "service.py").write_text(
        "import bentoml\n\n\n@bentoml.service\nclass Telltale:\n"
        "    @bentoml.api\n    def hello(self) -> str:\n        return 'hello'\n"
    )
    shutil.copy(root / LOCK, folder / LOCK)
    return folder


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.is_dir()
    }


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory) -> Champion:
    return make_champion(tmp_path_factory.mktemp("champion"))


@pytest.fixture(scope="module")
def home(
    champion: Champion, tmp_path_factory: pytest.TempPathFactory, root: Path
) -> Path:
    """A store with the Bento of this code, built without any network."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            patch.setenv(name, "http://127.0.0.1:9")
            patch.setenv(name.lower(), "http://127.0.0.1:9")
        patch.setenv("UV_OFFLINE", "1")
        package(champion, home, root)
    return home


@pytest.fixture(scope="module")
def bento(home: Path) -> Path:
    store = home / "bentos" / NAME
    return store / (store / "latest").read_text()


def test_a_bento_holds_the_named_files_and_nothing_else(
    bento: Path, champion: Champion, root: Path
) -> None:
    expected = {path.as_posix() for path in sources(root)} | {"champion.json"}
    expected |= {f"bundle/{name}" for name in files(champion.directory / "bundle")}

    # BentoML puts its build configuration beside the code.
    assert files(bento / "src") == expected | {"bentofile.yaml"}
    assert files(bento) - {f"src/{name}" for name in files(bento / "src")} == {
        "README.md",
        "apis/openapi.yaml",
        "apis/schema.json",
        "bento.yaml",
        "env/docker/Dockerfile",
        "env/docker/entrypoint.sh",
        "env/python/requirements.in",
        "env/python/requirements.txt",
    }
    assert (bento / "src" / LOCK).read_bytes() == (root / LOCK).read_bytes()


def test_every_file_of_the_rooms_is_packed(root: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *ROOMS],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()

    present = {name for name in listed if (root / name).is_file()}

    assert {path.as_posix() for path in sources(root)} == present


@pytest.mark.parametrize(
    ("stray", "packed"),
    [
        (".env", False),
        ("serving/.env", False),
        ("serving/.secret.py", False),
        ("serving/__pycache__/service.cpython-311.pyc", False),
        ("serving/__pycache__/service.py", False),
        ("features/notes.txt", False),
        ("models/keys.json", False),
        ("tests/test_it.py", False),
        ("pipeline/train.py", False),
        ("serving/review/page.html", True),
        ("models/another.py", True),
    ],
)
def test_a_stray_file_is_not_packed(
    stray: str, packed: bool, champion: Champion, root: Path, tmp_path: Path
) -> None:
    project = make_root(tmp_path / "project", root)
    (project / stray).parent.mkdir(parents=True, exist_ok=True)
    (project / stray).write_text("")
    (tmp_path / "context").mkdir()

    lay_out(champion, project, tmp_path / "context")

    assert (stray in files(tmp_path / "context")) == packed


def test_labels_and_version_say_which_model(bento: Path, champion: Champion) -> None:
    description = yaml.safe_load((bento / "bento.yaml").read_text())

    labels = description["labels"]
    assert description["name"] == NAME
    assert description["service"] == "serving.service:Telltale"
    assert re.fullmatch(r"v3-00000000-[0-9a-f]{8}", description["version"])
    assert labels["model_version"] == "3"
    assert labels["run_id"] == "0123456789abcdef"
    assert labels["world"] == "demo"
    assert labels["fingerprint"] == champion.facts["bundle_hash"]
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?", labels["git_commit"])
    assert (bento / "README.md").read_text().startswith(f"# {NAME} version 3\n")


def traces(folder: Path, *paths: Path) -> set[str]:
    """Files that name a package index or one of these paths."""
    places = "|".join(re.escape(str(path)) for path in paths)
    return {
        name
        for name in files(folder)
        for text in [(folder / name).read_text(encoding="utf-8")]
        if INDEX.search(text) or re.search(places, text)
    }


def test_a_bento_names_no_package_index_and_no_machine(
    bento: Path, root: Path, tmp_path: Path
) -> None:
    assert traces(bento, root, Path.home(), bento.parents[2]) == set()

    copy = tmp_path / "copy"
    shutil.copytree(bento, copy)
    with (copy / "env" / "python" / "requirements.txt").open("a") as file:
        file.write("--index" + "-url https://mirror.example/x\n")
    (copy / "README.md").write_text(f"built in {root}/serving")
    assert traces(copy, root) == {"env/python/requirements.txt", "README.md"}


def requirements(text: str) -> dict[str, set[str]]:
    """Requirement -> hashes."""
    found: dict[str, set[str]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        words = line.split(" --hash=")
        if re.match(r"[a-z0-9]", line):
            pin = str(Requirement(words[0]))
            found.setdefault(pin, set()).update(word.strip() for word in words[1:])
    return found


def test_the_lock_is_installed_with_its_hashes(bento: Path, root: Path) -> None:
    installed = requirements(
        (bento / "env" / "python" / "requirements.txt").read_text()
    )
    locked = requirements((root / LOCK).read_text())

    # BentoML adds itself, at the locked version.
    assert f"bentoml=={importlib.metadata.version('bentoml')}" in installed
    assert len(locked) > 40
    assert installed == locked


def test_the_dockerfile_is_complete(home: Path) -> None:
    """As `bentoml containerize` would hand it to Docker, which is not needed here."""
    script = (
        "import bentoml\n"
        "from bentoml._internal.container import construct_containerfile\n"
        f"bento = bentoml.get('{NAME}')\n"
        "with construct_containerfile(bento, enable_buildkit=False) as (_, path):\n"
        "    print(open(path).read())\n"
    )

    dockerfile = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "BENTOML_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    steps = [
        r"^FROM python:3\.1[12]-slim AS base-container$",
        r"^RUN .*apt-get .*install.* libgomp1\b",
        r"^COPY .* \./env/python \./env/python/$",
        r"uv --directory \$INSTALL_ROOT pip install -r \$BENTO_PATH/env/python/requirements\.txt",
        r"^COPY --chown=bentoml:bentoml \. \./$",
        r"^EXPOSE 3000$",
        r"^USER bentoml$",
        r"^ENTRYPOINT \[ .*entrypoint\.sh\" \]$",
    ]
    places = [re.search(step, dockerfile, re.MULTILINE) for step in steps]
    missing = [step for step, place in zip(steps, places, strict=True) if not place]
    assert missing == []
    starts = [place.start() for place in places if place]
    assert starts == sorted(starts)
    assert not INDEX.search(dockerfile)


def test_the_same_content_is_packaged_once(
    champion: Champion, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_root(tmp_path / "project", root)
    home = tmp_path / "home"
    first = package(champion, home, project)
    built = home / "bentos" / NAME / first.partition(":")[2]
    before = (built / "bento.yaml").read_bytes()

    again = package(champion, home, project)

    assert again == first
    assert (built / "bento.yaml").read_bytes() == before
    assert "is packaged already" in capsys.readouterr().out

    (project / "models" / "more.py").write_text("")
    changed = package(champion, home, project)

    assert changed != first
    assert (built / "bento.yaml").read_bytes() == before
    latest = home / "bentos" / NAME / "latest"
    assert f"{NAME}:{latest.read_text()}" == changed

    (project / "models" / "more.py").unlink()
    package(champion, home, project)

    assert f"{NAME}:{latest.read_text()}" == first


def test_a_service_that_cannot_be_imported_is_not_packaged(
    champion: Champion, root: Path, tmp_path: Path
) -> None:
    project = make_root(tmp_path / "project", root)
    service = project / "serving" / "service.py"
    service.write_text(f"import pipeline.train\n{service.read_text()}")

    with pytest.raises(InputError, match=r"bentoml build failed: .*pipeline"):
        package(champion, tmp_path / "home", project)

    assert not (tmp_path / "home" / "bentos" / NAME / "latest").exists()


def test_no_champion_is_said_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no champion\. `make promote`"):
        read_champion(tmp_path)


@pytest.mark.parametrize("target", ["serve", "package"])
def test_make_says_so_without_a_champion(
    target: str, root: Path, tmp_path: Path
) -> None:
    venv = tmp_path / ".venv"
    venv.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (venv / name).symlink_to(Path(sys.prefix) / name)
    for name in (*ROOMS, "Makefile", "requirements.lock"):
        (tmp_path / name).symlink_to(root / name)
    (venv / "installed.lock").write_bytes((root / "requirements.lock").read_bytes())

    done = subprocess.run(
        ["make", target],
        cwd=tmp_path,
        env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 2
    assert "artifacts/demo/champion: no champion. `make promote`" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "artifacts").exists()


@pytest.mark.parametrize("name", ["booster.txt", "quantiles.json", ".env"])
def test_a_champion_that_was_changed_is_refused(name: str, tmp_path: Path) -> None:
    make_champion(tmp_path)
    with (tmp_path / "bundle" / name).open("a") as file:
        file.write(" ")

    with pytest.raises(ArtefactError, match="not as it was promoted"):
        read_champion(tmp_path)


def test_a_champion_of_other_code_needs_a_bento_built_before(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    champion = make_champion(tmp_path / "champion")
    project = make_root(tmp_path / "project", root)
    built = package(champion, tmp_path / "home", project)
    path = champion.directory / "bundle" / "bundle.json"
    path.write_text(path.read_text().replace('"fingerprint": "', '"fingerprint": "x'))

    kept = package(champion, tmp_path / "home", project)

    assert kept == built
    said = capsys.readouterr().err
    assert "the Bento built before, with the code that made it, is kept" in said
    assert "make promote ARGS" in said
    assert "train again" not in said
    with pytest.raises(ArtefactError, match="has changed since this bundle was made"):
        package(champion, tmp_path / "other", project)


def test_content_is_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = content_hash(tmp_path)

    (tmp_path / "a").rename(tmp_path / "b")

    assert content_hash(tmp_path) != first
    (tmp_path / "b").rename(tmp_path / "a")
    assert content_hash(tmp_path) == first


@pytest.fixture(scope="module")
def slim(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Python of an environment that holds the serving lock and nothing else."""
    folder = tmp_path_factory.mktemp("slim") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-input"]
    install += ["--disable-pip-version-check", "--require-hashes"]
    done = subprocess.run(
        [*install, "-r", str(root / LOCK)], capture_output=True, text=True
    )
    if done.returncode and UNREACHABLE.search(done.stderr):
        pytest.skip("no package index within reach to make a serving environment")
    assert done.returncode == 0, done.stderr[-2000:]
    return python


def in_slim(python: Path, *arguments: str, **places: Any) -> str:
    theirs = ("PYTHON", "COV", "TELLTALE_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(theirs)}
    done = subprocess.run(
        [str(python), *arguments],
        env={**kept, **places.pop("env", {})},
        capture_output=True,
        text=True,
        **places,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.network
def test_the_service_needs_the_serving_lock_only(slim: Path, root: Path) -> None:
    script = (
        "import importlib.util, serving.service\n"
        f"print([n for n in {NOT_SERVED!r} if importlib.util.find_spec(n)])\n"
    )

    assert in_slim(slim, "-c", script, cwd=root).splitlines()[-1] == "[]"


@contextmanager
def served(python: Path, home: Path, keys: Path) -> Iterator[str]:
    """Address of the Bento in this store, served by this Python."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    theirs = ("PYTHON", "COV", "TELLTALE_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(theirs)}
    places = {"BENTOML_HOME": str(home), "TELLTALE_KEYS": str(keys)}
    command = [str(python), "-m", "bentoml", "serve", f"{NAME}:latest"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    log = home / "serve.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command,
            cwd=home,
            # No caches: other tests list what lies in this Bento.
            env={**kept, **places, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as server,
    ):
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=60)


def wait_until_ready(
    address: str, server: subprocess.Popen[bytes], log: Path, seconds: float = 180
) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if server.poll() is not None:
            pytest.fail(f"the service ended at once:\n{log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=2).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
    pytest.fail(f"the service was not ready in time:\n{log.read_text()[-2000:]}")


def post_score(address: str, key: str | None) -> tuple[int, Any]:
    post = {
        "kind": "original",
        "text": "hello there",
        "posted_at": "2024-01-01T12:00:00Z",
    }
    account = {
        "account_id": "a1",
        "as_of": "2024-02-01T00:00:00Z",
        "followers": 10,
        "following": 20,
    }
    body = {"accounts": [{"account": account, "posts": [post] * 6}], "explain": "full"}
    request = urllib.request.Request(
        f"{address}/v1/score",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"}
        | ({"Authorization": f"Bearer {key}"} if key else {}),
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.slow
@pytest.mark.network
def test_a_bento_is_served_exported_and_served_again(
    slim: Path, root: Path, tmp_path: Path
) -> None:
    # A store of its own: other tests package other champions into theirs.
    champion, home = make_champion(tmp_path / "champion"), tmp_path / "home"
    package(champion, home, root)
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"reviewer": "k" * 43}))
    keys.chmod(0o600)

    with served(slim, home, keys) as address:
        refused, _ = post_score(address, None)
        status, first = post_score(address, "k" * 43)
    archive, other = tmp_path / "telltale.bento", tmp_path / "elsewhere"
    command = ["-m", "bentoml", "export", f"{NAME}:latest", str(archive)]
    in_slim(slim, *command, env={"BENTOML_HOME": str(home)}, cwd=tmp_path)
    other.mkdir()
    command = ["-m", "bentoml", "import", str(archive)]
    in_slim(slim, *command, env={"BENTOML_HOME": str(other)}, cwd=tmp_path)
    with served(slim, other, keys) as address:
        _, second = post_score(address, "k" * 43)

    assert refused == 401
    assert status == 200
    assert first["model"] == {
        "name": NAME,
        "version": "3",
        "fingerprint": champion.facts["bundle_hash"],
        "world": "demo",
    }
    [result] = first["results"]
    explained = result["explanation"]
    probability = result["bot_probability"]
    logit = np.log(probability) - np.log1p(-probability)
    assert result["outcome"] == "scored"
    assert len(explained["contributions"]) == len(FEATURES)
    total = sum(part["contribution"] for part in explained["contributions"])
    total += explained["base"] + explained["prevalence_shift"]
    assert total == pytest.approx(logit, abs=1e-6)
    assert second["results"] == first["results"]
