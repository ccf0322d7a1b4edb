"""schemathesis against /v1/openapi.json: nothing but what is documented, never a 500.

Its cases run through the whole service in this process. FUZZ_CASES sets their number:
5,000 take three minutes, so that a usual run makes do with fewer.
"""

import json
import os
from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks
from starlette.testclient import TestClient

from serving.errors import ITEM_CODES, STATUS
from tests.serving.builders import KEYS

CASES = int(os.environ.get("FUZZ_CASES", "1200"))
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
# Half of what is sent fits the document, half does not.
SHARES = {GenerationMode.POSITIVE: CASES // 2, GenerationMode.NEGATIVE: CASES // 2}


@pytest.mark.slow
@pytest.mark.parametrize("mode", SHARES)
def test_any_body_gets_a_documented_answer(
    client: TestClient, mode: GenerationMode
) -> None:
    document = with_accounts(client.get("/v1/openapi.json").json())
    operation = schemathesis.openapi.from_dict(document)["/v1/score"]["POST"]
    seen: Counter[str] = Counter()

    @settings(
        max_examples=SHARES[mode],
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Case) -> None:
        response = send(client, case)

        case.validate_response(response, checks=CHECKS)
        seen.update(codes(response.json()))

    run()

    assert seen.total() >= SHARES[mode]
    assert set(seen) <= {*STATUS, *ITEM_CODES, "scored", "abstained", "none"}
    assert not {"internal", "timeout", "not_ready"} & set(seen)


def with_accounts(document: dict[str, Any]) -> dict[str, Any]:
    """The document, so that what is made of it is an account more often than not.

    It allows anything in the place of one, because that is answered, and longer lists
    than are worth making here.
    """
    narrower: dict[str, Any] = json.loads(json.dumps(document))
    schemas = narrower["components"]["schemas"]
    accounts = schemas["ScoreRequest"]["properties"]["accounts"]
    accounts["items"] = {"$ref": "#/components/schemas/AccountItem"}
    accounts["maxItems"] = 2
    schemas["AccountItem"]["properties"]["posts"]["maxItems"] = 3
    return narrower


def send(client: TestClient, case: Case) -> Any:
    """The answer to a case, with a key that lets it in."""
    wanted = case.as_transport_kwargs(base_url="http://testserver")
    headers = {**wanted.pop("headers"), "Authorization": f"Bearer {KEYS['reviewer']}"}
    wanted.pop("cookies", None)
    if "data" in wanted:
        wanted["content"] = wanted.pop("data")
    return client.request(headers=headers, **wanted)


def codes(body: dict[str, Any]) -> list[str]:
    """What an answer says of each account, or of the request."""
    if "error" in body:
        return [body["error"]["code"]]
    return [
        result["error"]["code"] if result["error"] else result["outcome"]
        for result in body["results"]
    ] or ["none"]
