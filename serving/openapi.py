"""/v1/openapi.json: generated from the contract's types and the list of errors."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.contract import (
    MAX_ACCOUNTS,
    MAX_EXPLAINED,
    AccountItem,
    ErrorResponse,
    ModelResponse,
    ScoreRequest,
    ScoreResponse,
)
from serving.errors import ITEM_CODES, STATUS

_REF: Final = "#/components/schemas/{model}"
_MODELS: Final[Sequence[type[BaseModel]]] = (
    ScoreRequest,
    AccountItem,
    ScoreResponse,
    ErrorResponse,
    ModelResponse,
)
_SCORE: Final = (400, 401, 408, 413, 415, 422, 429, 500, 503, 504)
_READ: Final = (401, 429, 500, 503, 504)


def document() -> dict[str, Any]:
    """OpenAPI 3.1 of v1."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in _MODELS], ref_template=_REF
    )
    # An item of any other form is answered too: as rejected.
    accounts = schemas["$defs"]["ScoreRequest"]["properties"]["accounts"]
    accounts["items"] = {"anyOf": [{"$ref": _REF.format(model="AccountItem")}, {}]}
    accounts["maxItems"] = MAX_ACCOUNTS
    accounts["description"] += f'; at most {MAX_EXPLAINED} with explain "full"'
    codes = schemas["$defs"]["FaultBody"]["properties"]["code"]
    codes["enum"] = sorted({*STATUS, *ITEM_CODES})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Telltale",
            "version": "1",
            "description": "How much accounts resemble those that platforms removed, "
            "and why. Never a statement that an account is a bot.",
        },
        "servers": [{"url": "/"}],
        "paths": {
            "/v1/score": {
                "post": {
                    "operationId": "score",
                    "summary": "Score accounts",
                    "security": [{"key": []}],
                    "requestBody": {
                        "required": True,
                        "content": _json("ScoreRequest"),
                    },
                    "responses": _responses("ScoreResponse", _SCORE),
                }
            },
            "/v1/model": {
                "get": {
                    "operationId": "model",
                    "summary": "Card, features, thresholds and gates of the model",
                    "security": [{"key": []}],
                    "responses": _responses("ModelResponse", _READ),
                }
            },
            "/v1/openapi.json": {
                "get": {
                    "operationId": "openapi",
                    "summary": "This document",
                    "responses": {
                        "200": {
                            "description": "OpenAPI",
                            "content": {"application/json": {"schema": {}}},
                        },
                        **_errors((429, 500, 503, 504)),
                    },
                }
            },
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas["$defs"],
        },
    }


def _json(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}


def _responses(model: str, statuses: Sequence[int]) -> dict[str, Any]:
    return {
        "200": {"description": "Answered", "content": _json(model)},
        **_errors(statuses),
    }


def _errors(statuses: Sequence[int]) -> dict[str, Any]:
    return {
        str(status): {
            "description": ", ".join(c for c, s in STATUS.items() if s == status),
            "content": _json("ErrorResponse"),
        }
        for status in statuses
    }
