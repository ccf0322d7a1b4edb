"""What scoring by HTTP costs: against the same bundle in process, a bare service, MLflow.

The model has the size that params.yaml gives, over noise; the requests are made from a
seed. Nothing here says whether a score is right.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import lightgbm as lgb
import mlflow.lightgbm
import numpy as np
import yaml

from features.artefacts import Artefacts
from features.build import build_with_reasons
from features.catalogue import FEATURES
from models.bands import BANDS, band_name
from models.bundle import describe, save_bundle
from models.calibrator import Calibrator
from models.matrix import to_matrix
from models.scorer import score
from models.training import Recipe, train_booster
from serving.contract import ScoreRequest
from serving.model import ServedModel, answer, load_model
from serving.parsing import parse_item, tables
from tests.benchmarks.row import Row, against, seconds
from tests.models.builders import INTERVALS, LENIENT, make_accounts, make_matrix
from tests.serving.builders import (
    KEYS,
    free_port,
    random_items,
    running,
    write_champion,
    write_keys,
)

POSTS: Final = 200
CALLS: Final = 200
# What HTTP may add to one account.
MOST_ADDED: Final = 6.0
# Accounts a request -> posts an account: 500 with 200 posts each would pass 32 MiB.
BATCHES: Final = {1: POSTS, 10: POSTS, 100: POSTS, 500: 50}
SHARED: Final = (1, 100)
RECEIVED: Final = datetime(2024, 5, 1, tzinfo=UTC)

_BARE: Final = """
from typing import Any

import bentoml

ANSWER = {answer}


@bentoml.service(workers=2, threads=1)
class Bare:
    @bentoml.api(route="/v1/score")
    def score(self, request: dict[str, Any], /) -> dict[str, Any]:
        return ANSWER
"""
_EMPTY: Final = """
import bentoml


@bentoml.service(workers=2, threads=1)
class Bare:
    @bentoml.api
    def hello(self) -> str:
        return "hello"
"""


def serving_http() -> list[Row]:
    """One account and batches by HTTP, where the time goes, and against what."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        champion = _champion(folder)
        model = load_model(champion)
        with _served(folder, champion) as call:
            rows = _one(call, model, folder)
            rows += [_batch(call, number) for number in BATCHES]
        # As the service does when it is ready.
        gc.collect()
        gc.freeze()
        for number in SHARED:
            rows += _shares(model, number)
        return rows


def serving_start() -> list[Row]:
    """From the start of `bentoml serve` to ready, against an empty service."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        champion = _champion(folder)
        environment = _environment(folder, champion)
        (folder / "empty.py").write_text(_EMPTY, encoding="utf-8")
        ours, empty = [], []
        for turn in range(3):
            with running(folder / f"home-{turn}", environment) as server:
                ours.append(server.seconds)
            with running(folder / f"e-{turn}", {}, "empty:Bare", folder) as server:
                empty.append(server.seconds)
    return [
        against(
            "serving_start",
            "from start to ready, two workers",
            min(ours),
            "s",
            "bentoml serve of an empty service",
            min(empty),
            most=2,
        )
    ]


def _champion(folder: Path) -> Path:
    """A model of the real size, over noise."""
    train = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))["train"]
    size = ("num_leaves", "max_depth", "learning_rate", "feature_fraction")
    recipe = Recipe(
        booster={name: train[name] for name in size},
        rounds=train["rounds"],
        unit_power=train["unit_power"],
        family_dropout=0.0,
        monotone=train["monotone"],
        directed=train["directed"],
        turn_margin=train["turn_margin"],
        unread=train["unread"],
        spared_controls=0.0,
        seed=train["seed"],
    )
    matrix = make_matrix(3_000, len(FEATURES))
    labels = (np.nan_to_num(matrix)[:, :9].sum(axis=1) > 0).astype(np.int8)
    ids = [f"a/{number}" for number in range(len(matrix))]
    booster = train_booster(matrix, labels, np.ones(len(ids)), ids, FEATURES, recipe)
    line = Calibrator(1.1, -0.2, 0.5)
    cuts = np.linspace(0, 10, 101).tolist()
    (folder / "bundle").mkdir()
    save_bundle(
        folder / "bundle",
        booster.model_to_string(),
        line,
        Artefacts.fit(make_accounts(30)),
        describe("demo", 0.05, line, {}, {}),
        {band_name(*band): {f.name: cuts for f in FEATURES} for band in BANDS},
        INTERVALS,
        LENIENT,
    )
    return write_champion(folder / "champion", folder / "bundle")


def _environment(folder: Path, champion: Path) -> dict[str, str]:
    keys = write_keys(folder / "keys.json")
    return {"TELLTALE_CHAMPION": str(champion), "TELLTALE_KEYS": str(keys)}


Call = Callable[[bytes], bytes]


@contextmanager
def _served(folder: Path, champion: Path) -> Iterator[Call]:
    environment = _environment(folder, champion)
    with running(folder / "home", environment) as server, _calling(server.url) as call:
        yield call


@contextmanager
def _calling(url: str, path: str = "/v1/score") -> Iterator[Call]:
    headers = {
        "Authorization": f"Bearer {KEYS['reviewer']}",
        "Content-Type": "application/json",
    }
    with httpx.Client(base_url=url, headers=headers, timeout=120) as client:

        def call(body: bytes) -> bytes:
            response = client.post(path, content=body)
            response.raise_for_status()
            return response.content

        yield call


def _body(accounts: int, explained: str = "full") -> bytes:
    items = random_items(accounts, BATCHES[accounts], seed=accounts)
    return json.dumps({"accounts": items, "explain": explained}).encode()


def _in_turns(*works: Callable[[], object]) -> list[list[float]]:
    """Milliseconds of each call of each, one after the other, after some to warm up."""
    taken: list[list[float]] = [[] for _ in works]
    for turn in range(-10, CALLS):
        for work, durations in zip(works, taken, strict=True):
            started = time.perf_counter()
            work()
            if turn >= 0:
                durations.append(1_000 * (time.perf_counter() - started))
    return taken


def _half(work: Callable[[], object]) -> float:
    """Half of the calls take less, in milliseconds."""
    (taken,) = _in_turns(work)
    return float(np.median(taken))


def _one(call: Call, model: ServedModel, folder: Path) -> list[Row]:
    body = _body(1)
    item = parse_item(json.loads(body)["accounts"][0], "accounts[0]", RECEIVED)
    accounts, posts = tables([item])

    def in_process() -> object:
        return score(model.bundle, accounts, posts, with_reasons=True, threads=1)

    # In turns, so that what else the machine does falls on both.
    ours, theirs, bare_score = _in_turns(
        lambda: call(body), lambda: _answered(model, body), in_process
    )
    p50, p99 = np.quantile(ours, [0.5, 0.99]).tolist()
    # The quickest tenth: what the machine adds is never negative.
    quick, base, least = (
        float(np.quantile(each, 0.1)) for each in (ours, theirs, bare_score)
    )
    added = quick - base
    what = f"one account, {POSTS} posts, full, one client"
    bare = _bare(folder, call(body), body)
    alone = _mlflow(model.bundle.booster, folder)
    unexplained = _body(1, "none")
    plain = _half(lambda: call(unexplained))
    return [
        Row("serving_one_p50", f"{what}: half take less", round(p50, 2), "ms"),
        Row("serving_one_p99", f"{what}: 99 in 100 take less", round(p99, 2), "ms"),
        Row(
            id="serving_added",
            what=f"{what}: what HTTP adds, in the quickest tenth",
            value=round(added, 2),
            unit="ms",
            versus=f"the same body answered by the bundle in process: {base:.2f} ms",
            ratio=round(quick / base, 3),
            bar=f"<= {MOST_ADDED:g} ms",
            holds=added <= MOST_ADDED,
        ),
        Row(
            "serving_added_to_score",
            f"{what}: what HTTP, parsing and answering add to the score of ready "
            f"tables ({least:.2f} ms), in the quickest tenth",
            round(quick - least, 2),
            "ms",
        ),
        _beside("serving_bare", what, p50, "a bare BentoML service, a constant", bare),
        _beside(
            "serving_mlflow",
            f"one account, {POSTS} posts, no explanation, one client",
            plain,
            "mlflow models serve, the booster's score of a ready matrix row",
            alone,
        ),
    ]


def _answered(model: ServedModel, body: bytes) -> bytes:
    """What the service does between the body and its answer."""
    request = ScoreRequest.model_validate_json(body)
    items = [parse_item(item, "", RECEIVED) for item in request.accounts]
    results = answer(model, items, None, "full")
    return json.dumps({"results": results}, separators=(",", ":")).encode()


def _beside(id: str, what: str, value: float, versus: str, baseline: float) -> Row:
    """A ratio without a bar."""
    return Row(
        id=id,
        what=what,
        value=round(value, 2),
        unit="ms",
        versus=f"{versus}: {baseline:.4g} ms",
        ratio=round(value / baseline, 3),
    )


def _batch(call: Call, accounts: int) -> Row:
    body = _body(accounts)
    taken = 1_000 * seconds(lambda: call(body), repeat=20 if accounts < 100 else 5)
    return Row(
        f"serving_{accounts}",
        f"{accounts} accounts a request, {BATCHES[accounts]} posts each, full",
        round(taken, 1),
        "ms",
    )


def _bare(folder: Path, constant: bytes, body: bytes) -> float:
    code = _BARE.format(answer=repr(json.loads(constant)))
    (folder / "bare.py").write_text(code, encoding="utf-8")
    with (
        running(folder / "bare-home", {}, "bare:Bare", folder) as server,
        _calling(server.url) as call,
    ):
        return _half(lambda: call(body))


def _mlflow(booster: lgb.Booster, folder: Path) -> float:
    """A call of `mlflow models serve` for one row."""
    mlflow.lightgbm.save_model(booster, folder / "mlflow", pip_requirements=[])
    port = free_port()
    command = [
        *(sys.executable, "-m", "mlflow", "models", "serve"),
        *("--model-uri", str(folder / "mlflow"), "--env-manager", "local"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "2"),
    ]
    row = make_matrix(1, len(FEATURES), missing=0.0).tolist()
    body = json.dumps({"inputs": row}).encode()
    url = f"http://127.0.0.1:{port}"
    with (folder / "mlflow.log").open("wb") as log:
        # It calls uvicorn by name.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            env={**os.environ, "PATH": path},
            start_new_session=True,
        )
    try:
        _wait_for(f"{url}/ping", process)
        with _calling(url, "/invocations") as call:
            return _half(lambda: call(body))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise RuntimeError("mlflow models serve did not start")


def _shares(model: ServedModel, accounts: int) -> list[Row]:
    """Where the time of an answer goes, measured stage by stage in process."""
    body = _body(accounts)
    bundle = model.bundle
    request = ScoreRequest.model_validate_json(body)
    items = [parse_item(item, "", RECEIVED) for item in request.accounts]
    frames = tables(items)
    matrix = to_matrix(build_with_reasons(*frames, bundle.artefacts)[0], FEATURES)

    def parse() -> object:
        found = ScoreRequest.model_validate_json(body).accounts
        return tables([parse_item(item, "", RECEIVED) for item in found])

    def predict(**kind: bool) -> Callable[[], object]:
        return lambda: bundle.booster.predict(matrix, num_threads=1, **kind)

    repeat = 30 if accounts == 1 else 4
    total = seconds(lambda: _answered(model, body), repeat)
    stages = {
        "parsing": seconds(parse, repeat),
        "features": seconds(
            lambda: to_matrix(
                build_with_reasons(*frames, bundle.artefacts)[0], FEATURES
            ),
            repeat,
        ),
        "model": seconds(predict(raw_score=True), repeat),
        "SHAP": seconds(predict(pred_contrib=True), repeat),
    }
    stages["answer"] = max(0.0, total - sum(stages.values()))
    return [
        Row(
            f"serving_{accounts}_{name.lower()}",
            f"{name}: share of the service's own time, {accounts} accounts, full",
            round(100 * taken / total, 1),
            "%",
        )
        for name, taken in stages.items()
    ]
