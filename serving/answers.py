"""Bodies of answers that are not a score: an error, what is served."""

from typing import Any

from starlette.responses import JSONResponse

from features.catalogue import rows
from serving.contract import MAX_ACCOUNTS, MAX_BODY, MAX_EXPLAINED, MAX_POSTS
from serving.errors import ApiError, Fault
from serving.model import ServedModel

# Marks an answer as ours for the gatekeeper, which takes the mark off again.
ERROR_MARK = "x-telltale-error"


def fault_body(fault: Fault) -> dict[str, Any]:
    """A fault as the contract writes it."""
    return {"code": fault.code, "message": fault.message, "field": fault.field}


def refusal(error: ApiError) -> JSONResponse:
    """The answer to a request that cannot be answered."""
    content = {"error": fault_body(error.fault)}
    return JSONResponse(content, error.status, {ERROR_MARK: error.fault.code})


def rejected(fault: Fault) -> dict[str, Any]:
    """The result of an account that cannot be scored."""
    return {
        "account_id": None,
        "as_of": None,
        "outcome": "rejected",
        "bot_probability": None,
        "interval": None,
        "receipt": None,
        "reason": None,
        "explanation": None,
        "error": fault_body(fault),
    }


def about(model: ServedModel) -> dict[str, Any]:
    """Body of GET /v1/model."""
    return {
        "model": model.name,
        "card": model.champion["card"],
        "features": rows(),
        "thresholds": model.bundle.description["thresholds"],
        "gates": model.champion["gates"],
        "default_prevalence": model.bundle.default_prevalence,
        "calibration_prevalence": model.bundle.calibrator.anchor,
        "limits": {
            "body_bytes": MAX_BODY,
            "accounts": MAX_ACCOUNTS,
            "accounts_explained": MAX_EXPLAINED,
            "posts_per_account": MAX_POSTS,
        },
    }
