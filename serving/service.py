"""The service: BentoML runs this class, one instance a worker."""

import serving.light  # isort: skip  # noqa: F401 - before what imports LightGBM

import gc
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import bentoml
from starlette.responses import JSONResponse

from serving.answers import refusal, rejected
from serving.clock import received_at
from serving.contract import (
    MAX_ACCOUNTS,
    MAX_EXPLAINED,
    Explain,
    ScoreRequest,
    ScoreResponse,
)
from serving.errors import ApiError, ItemError
from serving.gatekeeper import Gatekeeper
from serving.keys import ensure_keys
from serving.model import answer, load_model
from serving.pages import ROOT, V1
from serving.parsing import ParsedItem, parse_item
from serving.served import SERVED
from serving.telemetry import REQUEST_ID, count_results, set_up_logs

# In a Bento the champion lies beside the code; from source, where make puts it.
_BESIDE = Path(__file__).resolve().parent.parent


def champion_directory() -> Path:
    """Where the champion lies."""
    return Path(os.environ.get("TELLTALE_CHAMPION", _BESIDE))


def key_file() -> Path:
    """Where the keys lie; made at first start if there is none."""
    return Path(os.environ.get("TELLTALE_KEYS", "telltale-keys.json"))


@bentoml.service(
    name="telltale",
    workers=2,
    threads=1,
    # Work is bounded by the limits of the contract; this only ends what hangs.
    traffic={"timeout": 300},
    # Its metrics are labelled by raw path and its access log quotes it, without bound;
    # ours are in serving.telemetry.
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
@bentoml.asgi_app(V1, path="/v1")
@bentoml.asgi_app(ROOT, path="/")
class Telltale:
    """Scores accounts, and says why."""

    def __init__(self) -> None:
        """Load the champion; readiness waits for the first score."""
        set_up_logs()
        self.model = load_model(champion_directory())

    @bentoml.on_startup
    def score_one(self) -> None:
        """Score one synthetic account, so that the first caller does not wait."""
        received = datetime(2024, 1, 1, tzinfo=UTC)
        post = {
            "kind": "original",
            "text": "hello",
            "posted_at": "2023-12-31T12:00:00Z",
        }
        item = {
            "account": {"account_id": "warm-up", "followers": 1, "following": 1},
            "posts": [post] * 5,
        }
        parsed = parse_item(item, "accounts[0]", received)
        answer(self.model, [parsed], None, "full")
        # What is there by now stays: looking through it again and again would take half
        # the time of parsing a large request.
        gc.collect()
        gc.freeze()
        SERVED.start(self.model)

    def __is_ready__(self) -> bool:
        """Whether one account has been scored."""
        return SERVED.ready

    @bentoml.api(route="/v1/score")
    def score(self, request: ScoreRequest, /) -> ScoreResponse:
        """Score accounts; faults inside one account reject that account alone."""
        try:
            return self._score(request)
        except ApiError as error:
            return cast(ScoreResponse, refusal(error))

    def _score(self, request: ScoreRequest) -> ScoreResponse:
        explain = request.explain or "top"
        most = MAX_EXPLAINED if explain == "full" else MAX_ACCOUNTS
        if len(request.accounts) > most:
            raise ApiError(
                "too_many_accounts",
                f'at most {most} with explain "{explain}"',
                "accounts",
            )
        results = self._results(request, explain)
        prevalence = request.prevalence or self.model.bundle.default_prevalence
        count_results(results, self.model.bundle.calibrator.shift(prevalence))
        content = {
            "model": self.model.name,
            "prevalence": prevalence,
            "request_id": REQUEST_ID.get(),
            "results": results,
        }
        # As it stands: validating our own answer again would cost more than the score.
        return cast(ScoreResponse, JSONResponse(content))

    def _results(self, request: ScoreRequest, explain: Explain) -> list[dict[str, Any]]:
        received = received_at()
        results: list[dict[str, Any] | None] = []
        parsed: list[ParsedItem] = []
        seen: set[str] = set()
        for index, item in enumerate(request.accounts):
            path = f"accounts[{index}]"
            try:
                one = parse_item(item, path, received)
                if one.account_id in seen:
                    raise ItemError(
                        "duplicate_account",
                        "stands in the request already",
                        f"{path}.account.account_id",
                    )
            except ItemError as error:
                results.append(rejected(error.fault))
                continue
            seen.add(one.account_id)
            parsed.append(one)
            results.append(None)
        answered = iter(answer(self.model, parsed, request.prevalence, explain))
        return [next(answered) if result is None else result for result in results]


Telltale.add_asgi_middleware(Gatekeeper, keys=lambda: ensure_keys(key_file()))
