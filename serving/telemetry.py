"""What the service tells of itself: metrics with bounded labels, logs without content."""

import json
import logging
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from prometheus_client import Counter, Histogram

from models.calibrator import logit, sigmoid
from serving.errors import ABSTENTIONS, STATUS

REQUESTS: Final = Counter(
    "telltale_requests", "Requests by outcome and code", ["outcome", "code"]
)
LATENCY: Final = Histogram(
    "telltale_request_seconds",
    "Time to answer a scoring request",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
ACCOUNTS: Final = Counter("telltale_accounts", "Accounts by outcome", ["outcome"])
SCORES: Final = Histogram(
    "telltale_score",
    "Probabilities at the anchor of calibration",
    buckets=tuple(step / 10 for step in range(1, 11)),
)
ABSTAINED: Final = Counter("telltale_abstentions", "Abstentions by reason", ["reason"])

# Id of the request that is being answered.
REQUEST_ID: Final[ContextVar[str]] = ContextVar("request_id", default="")

LOGGER: Final = logging.getLogger("telltale")


def count_request(status: int, code: str | None) -> None:
    """Count a request; an unknown code is counted as `other`."""
    outcome = "ok" if status < 400 else "refused" if status < 500 else "failed"
    known = "none" if code is None else code if code in STATUS else "other"
    REQUESTS.labels(outcome, known).inc()


def count_results(results: list[dict[str, Any]], anchor_shift: float) -> None:
    """Count the accounts of an answer.

    Args:
        results: of the answer.
        anchor_shift: what to take off every logit to have it at the anchor, so that
            the histogram does not move with the prevalence that callers choose.
    """
    for result in results:
        ACCOUNTS.labels(result["outcome"]).inc()
        if result["outcome"] == "abstained":
            reason = result["reason"]
            ABSTAINED.labels(reason if reason in ABSTENTIONS else "other").inc()
        probability = result["bot_probability"]
        if probability is not None and 0 < probability < 1:
            SCORES.observe(float(sigmoid(logit(probability) - anchor_shift)))


class JsonLines(logging.Formatter):
    """One JSON object a line; only fields that we put there ourselves."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        entry = {
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        return json.dumps(entry, sort_keys=True)


class WithoutContent(logging.Filter):
    """Takes tracebacks and arguments out of the server's own records.

    BentoML logs each failed request with a traceback that quotes what was sent.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, without anything a caller sent."""
        error = record.exc_info[1] if record.exc_info else None
        facts = where(error) if error else {}
        record.msg = " ".join(["request failed", *facts.values()])
        record.args = ()
        record.exc_info = None
        record.exc_text = None
        return True


def set_up_logs() -> None:
    """JSON lines for our own events; the server's records without content."""
    if not LOGGER.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        LOGGER.addHandler(handler)
        LOGGER.setLevel(logging.INFO)
        LOGGER.propagate = False
    for name in ("bentoml._internal.server.http_app", "bentoml.serve.errors"):
        logger = logging.getLogger(name)
        if not any(isinstance(f, WithoutContent) for f in logger.filters):
            logger.addFilter(WithoutContent())


def log_event(event: str, **facts: Any) -> None:
    """Log an event with facts: ids of requests, counts, codes, seconds; no content."""
    LOGGER.info(event, extra={"facts": facts})


def where(error: BaseException) -> dict[str, str]:
    """Kind of an error and the place in the code where it arose; no message.

    Messages quote what was sent; a place does not, and is enough to look for the cause.
    """
    place = "unknown"
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return {"kind": type(error).__name__, "place": place}
