"""GET /v1/model, /v1/openapi.json, health, metrics, and paths that are not there."""

import importlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator, ValidationError
from prometheus_client import REGISTRY
from starlette.testclient import TestClient

from features.catalogue import rows
from features.errors import ArtefactError
from models.abstention import REASONS
from serving.contract import MAX_ACCOUNTS, MAX_BODY, MAX_EXPLAINED, MAX_POSTS
from serving.errors import ABSTENTIONS, ITEM_CODES, STATUS, ApiError
from serving.gatekeeper import SCORE_PATH
from serving.light import absent
from serving.model import load_model, percentile
from serving.pages import V1
from serving.review.account import ABSTAINED
from serving.served import SERVED, Served
from serving.telemetry import count_request, count_results
from tests.models.builders import POINT
from tests.serving.builders import make_item
from tests.serving.conftest import Score


def test_the_model_tells_card_features_thresholds_gates_and_limits(
    client: TestClient, documented: Callable[[Any], httpx.Response], score: Score
) -> None:
    told = documented(client.get("/v1/model")).json()

    assert told["model"] == score([make_item()]).json()["model"]
    assert told["card"].startswith("# Model card")
    assert told["features"] == rows()
    assert told["thresholds"] == {"cautious": POINT}
    assert [gate["code"] for gate in told["gates"]] == ["auc"]
    assert told["default_prevalence"] == 0.05
    assert told["calibration_prevalence"] == 0.5
    assert told["limits"] == {
        "body_bytes": MAX_BODY,
        "accounts": MAX_ACCOUNTS,
        "accounts_explained": MAX_EXPLAINED,
        "posts_per_account": MAX_POSTS,
    }


def test_the_limits_are_those_that_were_promised() -> None:
    limits = (MAX_BODY, MAX_ACCOUNTS, MAX_EXPLAINED, MAX_POSTS)

    assert limits == (32 * 1024 * 1024, 1_000, 500, 3_200)


def test_the_document_names_every_path_status_and_code(client: TestClient) -> None:
    document = client.get("/v1/openapi.json", headers={"Authorization": ""}).json()

    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == {"/v1/score", "/v1/model", "/v1/openapi.json"}
    responses = document["paths"]["/v1/score"]["post"]["responses"]
    # What has no path or method stands beside no path or method.
    assert set(responses) == {"200", *map(str, STATUS.values())} - {"404", "405"}
    codes = document["components"]["schemas"]["FaultBody"]["properties"]["code"]["enum"]
    assert set(codes) == {*STATUS, *ITEM_CODES}
    accounts = document["components"]["schemas"]["ScoreRequest"]["properties"]
    assert accounts["accounts"]["maxItems"] == MAX_ACCOUNTS


def test_an_answer_that_is_not_as_documented_would_be_found(
    client: TestClient, score: Score
) -> None:
    document = client.get("/v1/openapi.json").json()
    schema = {"$ref": "#/components/schemas/ScoreResponse", **document}
    answer = score([make_item()]).json()
    Draft202012Validator(schema).validate(answer)

    del answer["results"][0]["receipt"]

    with pytest.raises(ValidationError):
        Draft202012Validator(schema).validate(answer)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/score", 405),
        ("PUT", "/v1/score", 405),
        ("DELETE", "/v1/score", 405),
        ("POST", "/v1/model", 405),
        ("GET", "/v1", 404),
        ("GET", "/v1/", 404),
        ("GET", "/v1/scores", 404),
        ("POST", "/v1/score/submit", 404),
        ("POST", "/v1/model/x", 404),
    ],
)
def test_what_is_not_there_is_refused_in_our_shape(
    client: TestClient, method: str, path: str, status: int
) -> None:
    response = client.request(method, path, follow_redirects=False)

    error = response.json()["error"]
    assert response.status_code == status
    assert error["code"] == ("not_found" if status == 404 else "method_not_allowed")
    assert status == 404 or response.headers["allow"]
    assert len(response.headers["x-request-id"]) == 16


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_it_says_that_it_is_well_and_ready(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_it_is_not_ready_before_it_has_scored(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SERVED, "_model", None)

    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    refused = client.get("/v1/model")
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "not_ready"


def test_nothing_is_served_before_the_start() -> None:
    served = Served()

    assert not served.ready
    with pytest.raises(ApiError, match="not_ready"):
        _ = served.model


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_requests_and_accounts_are_counted(client: TestClient, score: Score) -> None:
    def counts() -> list[float]:
        return [
            value("telltale_requests_total", outcome="ok", code="none"),
            value("telltale_requests_total", outcome="refused", code="wrong_key"),
            value("telltale_accounts_total", outcome="scored"),
            value("telltale_accounts_total", outcome="rejected"),
            value("telltale_accounts_total", outcome="abstained"),
            value("telltale_abstentions_total", reason="no_evidence"),
            value("telltale_score_count"),
            value("telltale_request_seconds_count"),
        ]

    before = counts()

    score([make_item("a"), {"account": {"account_id": "b", "handle": "x"}}, 5])
    client.get("/v1/model", headers={"Authorization": ""})

    found = [after - one for after, one in zip(counts(), before, strict=True)]
    assert found == [1, 1, 1, 1, 1, 1, 1, 1]


def test_scores_are_counted_at_the_anchor_whatever_prevalence_is_asked_for(
    score: Score,
) -> None:
    def total() -> float:
        return value("telltale_score_sum")

    sums = []
    for prevalence in (0.01, 0.9):
        before = total()
        score([make_item()], prevalence=prevalence)
        sums.append(total() - before)

    assert sums[0] == pytest.approx(sums[1], abs=1e-9)


def test_labels_have_a_short_list_of_values() -> None:
    count_request(418, "made up")
    count_results(
        [{"outcome": "abstained", "reason": "new", "bot_probability": None}], 0
    )

    assert value("telltale_requests_total", outcome="refused", code="other") >= 1
    assert value("telltale_requests_total", outcome="refused", code="made up") == 0
    assert value("telltale_abstentions_total", reason="other") >= 1


def test_metrics_are_a_page(client: TestClient) -> None:
    response = client.get("/metrics", headers={"Authorization": ""})

    assert response.headers["content-type"].startswith("text/plain")
    assert "telltale_requests_total" in response.text
    assert SCORE_PATH not in response.text


def test_home_leads_to_the_review(client: TestClient) -> None:
    response = client.get("/", follow_redirects=False)

    assert (response.status_code, response.headers["location"]) == (307, "/review")


def test_what_is_mounted_is_what_is_documented(client: TestClient) -> None:
    mounted = {f"/v1{route.path}" for route in V1.routes}  # type: ignore[attr-defined]

    documented = set(client.get("/v1/openapi.json").json()["paths"])

    assert documented == mounted | {SCORE_PATH}


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"name": "x"}'])
def test_a_champion_without_its_facts_is_refused(
    content: str | None, champion_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "bundle").symlink_to(champion_folder / "bundle")
    if content is not None:
        (tmp_path / "champion.json").write_text(content)

    with pytest.raises(ArtefactError, match=r"champion\.json"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("feature", "band", "number", "expected"),
    [
        ("a", "1-4", 0.5, 0.0),
        ("a", "1-4", 2.0, 50.0),
        ("a", "1-4", 9.0, 100.0),
        ("a", "1-4", None, None),
        ("b", "1-4", 2.0, None),
        ("a", "0", 2.0, None),
    ],
)
def test_percentiles_are_of_controls_of_the_same_band(
    champion_folder: Path,
    feature: str,
    band: str,
    number: float | None,
    expected: float | None,
) -> None:
    bundle = load_model(champion_folder).bundle
    known = replace(bundle, quantiles={"1-4": {"a": [1.0, 2.0, 3.0, 4.0]}})

    assert percentile(known, band, feature, number) == expected


def test_serving_does_not_import_what_only_training_needs(root: Path) -> None:
    command = (
        "import sys; import serving.service; import lightgbm; "
        "print(sorted({'sklearn', 'pandas', 'mlflow'} & set(sys.modules)))"
    )

    run = subprocess.run(
        [sys.executable, "-c", command],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert run.stdout.strip() == "[]"


def test_what_was_absent_is_there_afterwards() -> None:
    assert "wave" not in sys.modules

    with absent(["wave"]), pytest.raises(ImportError):
        importlib.import_module("wave")

    assert importlib.import_module("wave").__name__ == "wave"


def test_every_reason_to_abstain_has_a_label_and_words() -> None:
    assert tuple(REASONS) == ABSTENTIONS
    assert set(ABSTAINED) == set(ABSTENTIONS)
