import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.errors import ParamsError
from pipeline.params import load_params


@pytest.fixture
def params(root: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((root / "params.yaml").read_text())
    return loaded


def write(tmp_path: Path, value: object) -> Path:
    path = tmp_path / "bad.yaml"
    path.write_text(value if isinstance(value, str) else yaml.safe_dump(value))
    return path


def test_the_committed_parameters_are_valid(root: Path) -> None:
    assert "demo" in load_params(root / "params.yaml").worlds


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("train.rounds", 5, "greater than or equal to 10"),
        ("train.rounds", "300", "valid integer"),
        ("train.rounds", True, "valid integer"),
        ("train.turn_margin", 0.6, "less than or equal to 0.5"),
        ("train.unread", ["no_such"], "no such feature: no_such"),
        ("train.learning_rate", "5e-2", "valid number"),
        ("train.learning_rate", float("nan"), "finite number"),
        ("evaluate.gates.every_world.additivity", float("inf"), "finite number"),
        ("train.num_leafs", 5, "not permitted"),
        ("split.temporal_share", 1.0, "less than 1"),
        ("split.random_folds", 2, "greater than or equal to 3"),
        ("featurize.posts_per_part", 1, "1000"),
        ("calibrate.default_prevalence", 0.0, "greater than 0"),
        ("calibrate.thresholds.cautious.max_fpr", 1.0, "less than 1"),
        ("evaluate.confidence", 95, "less than 1"),
        ("evaluate.gates.every_world.mask_only_hihg", 0.6, "not permitted"),
        (
            "evaluate.gates.every_world.mask_only_high",
            0.4,
            "greater than or equal to 0.5",
        ),
        ("evaluate.live_accounts", 0, "greater than or equal to 1"),
        ("simulate.scale", 19.0, "less than or equal to 10"),
        ("sources.demo", [], "at least 1 item"),
        ("worlds", [], "at least 1 item"),
        ("worlds", ["nowhere"], "world nowhere has no sources; known: demo, public"),
    ],
)
def test_key_value_and_what_is_allowed_are_named(
    key: str, value: object, named: str, params: dict[str, Any], tmp_path: Path
) -> None:
    *path, last = key.split(".")
    section = params
    for part in path:
        section = section[part]
    section[last] = value

    with pytest.raises(ParamsError) as caught:
        load_params(write(tmp_path, params))

    message = str(caught.value)
    assert named in message
    if key != "worlds" or not value:
        assert f"{key} = " in message


def test_more_trees_at_least_than_at_most_are_refused(
    params: dict[str, Any], tmp_path: Path
) -> None:
    params["train"] |= {"rounds": 50, "least_trees": 60}

    with pytest.raises(ParamsError, match="least_trees must not exceed rounds"):
        load_params(write(tmp_path, params))


def test_limits_of_a_world_that_is_not_there_are_refused(
    params: dict[str, Any], tmp_path: Path
) -> None:
    gates = params["evaluate"]["gates"]
    gates["only_in"]["dmeo"] = gates["only_in"].pop("demo")

    with pytest.raises(
        ParamsError, match=r"only_in: no world dmeo .*known: demo, public"
    ):
        load_params(write(tmp_path, params))


@pytest.mark.parametrize("section", ["label", "split", "train", "evaluate", "worlds"])
def test_a_section_that_is_missing_is_named(
    section: str, params: dict[str, Any], tmp_path: Path
) -> None:
    del params[section]

    with pytest.raises(ParamsError, match=rf"{section} = .*Field required"):
        load_params(write(tmp_path, params))


@pytest.mark.parametrize(
    "text",
    [
        *("worlds: [demo", "- 1\n- 2\n", "", "worlds: 3\n", "train: {rounds: 1}\n"),
        "worlds: 2020-13-45\n",
    ],
)
def test_the_command_shows_no_traceback(text: str, root: Path, tmp_path: Path) -> None:
    path = write(tmp_path, text)

    done = subprocess.run(
        [sys.executable, "-m", "pipeline.params", "--params", str(path)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {path}: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="no such file"):
        load_params(tmp_path / "none.yaml")


@pytest.mark.parametrize("key", ["id_spaces", "counts_at"])
def test_a_word_on_no_source_is_named(
    key: str, params: dict[str, Any], tmp_path: Path
) -> None:
    params["label"][key] = {"nyu2018": "nyu"}

    with pytest.raises(ParamsError, match=rf"{key}: no source nyu2018"):
        load_params(write(tmp_path, params))


def test_a_nested_search_that_never_learns_is_refused(
    params: dict[str, Any], tmp_path: Path
) -> None:
    params["evidence"]["nested_trials"] = params["tune"]["startup"]

    with pytest.raises(ParamsError, match="nothing would be learnt"):
        load_params(write(tmp_path, params))


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ({"max_depth": 99}, r"nested_start.max_depth: 99 is not within tune.space"),
        ({"unit_power": 0.5}, "no other; see unit_power"),
        ({"max_depth": 4.5}, "max_depth"),
    ],
)
def test_a_nested_search_starts_within_its_space(
    start: dict[str, float], said: str, params: dict[str, Any], tmp_path: Path
) -> None:
    params["evidence"]["nested_start"] |= start

    with pytest.raises(ParamsError, match=said):
        load_params(write(tmp_path, params))
