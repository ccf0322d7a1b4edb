"""Keys: who may call, and who may read the file."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from features.errors import InputError
from serving.keys import DEFAULT_NAME, caller_of, ensure_keys, load_keys, main, make_key
from tests.serving.builders import KEYS, write_keys


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_one_key_that_only_its_owner_reads(
    tmp_path: Path,
) -> None:
    path = tmp_path / "new" / "keys.json"
    mask = os.umask(0)
    try:
        keys = ensure_keys(path)
    finally:
        os.umask(mask)

    assert mode(path) == 0o600
    assert list(keys) == [DEFAULT_NAME]
    assert len(keys[DEFAULT_NAME]) >= 40
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.json"]


def test_a_later_start_keeps_the_key(tmp_path: Path) -> None:
    first = ensure_keys(tmp_path / "keys.json")

    assert ensure_keys(tmp_path / "keys.json") == first


def test_two_files_hold_different_keys(tmp_path: Path) -> None:
    one, other = (ensure_keys(tmp_path / name) for name in ("one", "other"))

    assert one[DEFAULT_NAME] != other[DEFAULT_NAME]


def test_workers_that_start_together_end_with_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    command = (
        "import sys, json; from pathlib import Path; from serving.keys import "
        "ensure_keys; sys.stdin.readline(); print(json.dumps(ensure_keys(Path(sys.argv[1]))))"
    )
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", command, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]

    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    answers = [worker.communicate(timeout=60)[0].strip() for worker in workers]

    assert len(set(answers)) == 1
    assert json.loads(answers[0]) == load_keys(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.json"]


def test_each_caller_has_a_key_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ensure_keys(path)

    key = make_key(path, "nightly-job")

    keys = load_keys(path)
    assert list(keys) == [DEFAULT_NAME, "nightly-job"]
    assert caller_of(keys, key) == "nightly-job"
    assert caller_of(keys, keys[DEFAULT_NAME]) == DEFAULT_NAME
    assert mode(path) == 0o600


def test_a_first_key_can_be_that_of_a_named_caller(tmp_path: Path) -> None:
    make_key(tmp_path / "keys.json", "job")

    assert list(load_keys(tmp_path / "keys.json")) == ["job"]


@pytest.mark.parametrize("name", ["", "A", "a b", "1a", "é", "a" * 33, "a\n"])
def test_a_name_that_is_no_plain_word_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="key name"):
        make_key(tmp_path / "keys.json", name)


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    ensure_keys(tmp_path / "keys.json")

    with pytest.raises(InputError, match="has a key already"):
        make_key(tmp_path / "keys.json", DEFAULT_NAME)


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused(bits: int, tmp_path: Path) -> None:
    path = write_keys(tmp_path / "keys.json")
    path.chmod(bits)

    with pytest.raises(InputError, match="chmod 600"):
        ensure_keys(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"a": "short"}',
        b'{"a": 5}',
        b'{"A B": "xxxxxxxxxxxxxxxxxxxxxxxxxxx"}',
    ],
)
def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(InputError, match="not a key file"):
        ensure_keys(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no key file"):
        load_keys(tmp_path / "keys.json")


def test_the_command_makes_a_key_and_prints_the_review_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "keys.json"
    command = ["keys", "--file", str(path), "--port", "3100"]

    monkeypatch.setattr(sys, "argv", command)
    main()

    key = load_keys(path)[DEFAULT_NAME]
    printed = capsys.readouterr().out
    assert f"http://127.0.0.1:3100/review?key={key}" in printed

    monkeypatch.setattr(sys, "argv", [*command, "--add", "nightly-job"])
    main()

    assert load_keys(path)["nightly-job"] in capsys.readouterr().out


def test_every_key_is_compared_in_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(other.decode())
        return one == other

    monkeypatch.setattr("serving.keys.hmac.compare_digest", compare)

    assert caller_of(KEYS, KEYS["reviewer"]) == "reviewer"
    assert compared == list(KEYS.values())


@pytest.mark.parametrize("given", ["", "r" * 42, "r" * 44, "R" * 43, "\xff", "é" * 43])
def test_a_key_that_is_not_there_is_nobodys(given: str) -> None:
    assert caller_of(KEYS, given) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer " + "x" * 43},
        {"Authorization": "Bearer " + KEYS["reviewer"][:-1]},
        {"Authorization": "Basic " + KEYS["reviewer"]},
        {"Authorization": KEYS["reviewer"]},
        {"Authorization": "Bearer é".encode("latin-1")},
        {"Authorization": "Bearer " + KEYS["reviewer"] + " x"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/score", "/v1/model", "/v1/nothing", "/v1"])
def test_without_a_key_nothing_of_v1_is_answered(
    client: TestClient, headers: Mapping[str, str], path: str
) -> None:
    kind = {"Content-Type": "application/json"}

    response = client.post(path, content="{}", headers={**kind, **headers})

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert len(response.headers["x-request-id"]) == 16
    assert response.json() == {
        "error": {
            "code": "wrong_key",
            "message": "send the header Authorization: Bearer <key>",
            "field": None,
        }
    }


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER"])
def test_every_caller_of_the_file_is_let_in(
    client: TestClient, name: str, kind: str
) -> None:
    headers = {"Authorization": f"{kind} {KEYS[name]}"}

    assert client.get("/v1/model", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "//v1/score",
        "/v1//score",
        "/v1/score/",
        "/V1/score",
        "/%761/score",
        "/v1%2Fscore",
        "/x/../v1/score",
        "/./v1/score",
        "/v1/score?key=" + KEYS["reviewer"],
        "/v1;/score",
    ],
)
def test_no_spelling_of_the_path_goes_round_the_key(
    client: TestClient, path: str
) -> None:
    headers = {"Authorization": "", "Content-Type": "application/json"}
    body = '{"accounts": []}'

    response = client.post(path, content=body, headers=headers, follow_redirects=False)

    assert response.status_code in (401, 404)


@pytest.mark.parametrize("path", ["/v1/openapi.json", "/healthz", "/readyz", "/livez"])
def test_what_tells_nothing_needs_no_key(client: TestClient, path: str) -> None:
    assert client.get(path, headers={"Authorization": ""}).status_code == 200
