import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.errors import ArtefactError, InputError
from pipeline.files import read_json
from pipeline.forecast import main
from pipeline.forecast_freeze import freeze
from pipeline.forecast_score import score_forecast
from pipeline.frozen import LEDGER, forecasts
from pipeline.ledger import read_ledger, writing
from tests.pipeline.conftest import TinyWorld


@pytest.fixture(scope="session")
def frozen(tiny_world: TinyWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A forecast of some accounts of the tiny world; copy it before changing it."""
    home = tmp_path_factory.mktemp("forecasts")
    labels = tiny_world.table("labelled/labels").filter(pl.col("slice").is_null())
    some = labels.sort("account_id").gather_every(8)["account_id"].implode()
    for name in ("accounts", "posts"):
        rows = tiny_world.table(f"canonical/{name}")
        rows.filter(pl.col("account_id").is_in(some)).write_parquet(
            home / f"{name}.parquet"
        )
    labels.filter(pl.col("account_id").is_in(some)).select(
        "account_id", "label"
    ).write_csv(home / "labels.csv")
    freeze(
        tiny_world.folder / "bundle",
        home / "accounts.parquet",
        home / "posts.parquet",
        None,
        home / "spring",
    )
    return home


@pytest.fixture
def home(frozen: Path, tmp_path: Path) -> Path:
    """A copy of the forecast, its input and its labels."""
    return Path(shutil.copytree(frozen, tmp_path / "copy"))


def test_a_forecast_is_scored_once_labels_come(home: Path) -> None:
    assert forecasts(home)[0]["scorings"] == []

    result = score_forecast(home, "spring", home / "labels.csv")

    labels = pl.read_csv(home / "labels.csv")
    predicted = pl.read_parquet(home / "spring" / "predictions.parquet")
    judged = labels.join(
        predicted.filter(pl.col("outcome") == "scored"), on="account_id"
    )
    assert result["n_pos"] == judged["label"].sum() > 0
    assert result["n_pos"] + result["n_neg"] == judged.height
    unjudged = labels.height - judged.height
    assert result["abstained"] + result["not_predicted"] == unjudged
    # The model was trained on these very accounts.
    assert result["auc"] > 0.9
    [row] = forecasts(home)
    [scoring] = row["scorings"]
    assert (row["name"], scoring["auc"]) == ("spring", result["auc"])
    assert scoring["recall_at_fpr_0.01"] is None
    few = f"{result['n_neg']} controls, 300 needed"
    assert result["recall_at_fpr_0.01_reason"] == few
    assert "auc_reason" not in result
    assert "recall_at_fpr_0.01_reason" not in scoring


def test_scoring_twice_adds_nothing(home: Path) -> None:
    score_forecast(home, "spring", home / "labels.csv")
    before = (home / LEDGER).read_bytes()

    score_forecast(home, "spring", home / "labels.csv")

    assert (home / LEDGER).read_bytes() == before
    assert len(read_ledger(home / LEDGER)) == 2


def test_the_same_input_is_frozen_to_the_same_bytes(
    frozen: Path, tiny_world: TinyWorld, tmp_path: Path
) -> None:
    freeze(
        tiny_world.folder / "bundle",
        frozen / "accounts.parquet",
        frozen / "posts.parquet",
        None,
        tmp_path / "spring",
    )

    for name in ("predictions.parquet", "forecast.json"):
        expected = (frozen / "spring" / name).read_bytes()
        assert (tmp_path / "spring" / name).read_bytes() == expected


def _other_probability(home: Path) -> Path:
    path = home / "spring" / "predictions.parquet"
    table = pl.read_parquet(path)
    table.with_columns(bot_probability=1 - pl.col("bot_probability")).write_parquet(
        path
    )
    return path


def _other_description(home: Path) -> Path:
    path = home / "spring" / "forecast.json"
    text = path.read_text()
    path.write_text(text.replace('"world": "demo"', '"world": "omed"'))
    return path


@pytest.mark.parametrize("tamper", [_other_probability, _other_description])
def test_what_was_changed_is_named_and_not_scored(
    tamper: Callable[[Path], Path], home: Path
) -> None:
    path = tamper(home)
    before = (home / LEDGER).read_bytes()

    with pytest.raises(ArtefactError, match="not what was frozen") as caught:
        score_forecast(home, "spring", home / "labels.csv")

    assert str(path) in str(caught.value)
    assert (home / LEDGER).read_bytes() == before
    assert str(path) in forecasts(home)[0]["changed"]


def test_no_place_of_the_input_is_kept(home: Path) -> None:
    described = read_json(home / "spring" / "forecast.json")

    assert described["input"]["accounts"]["file"] == "accounts.parquet"
    assert "/" not in (home / "spring" / "forecast.json").read_text()


def test_another_input_is_said_and_changes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {kind: home / f"{kind}.parquet" for kind in ("accounts", "posts")}
    labels = home / "labels.csv"
    first = score_forecast(home, "spring", labels, given=given)
    assert "warning" not in capsys.readouterr().out
    given["accounts"].write_bytes(given["accounts"].read_bytes() + b" ")
    given["posts"].unlink()

    assert score_forecast(home, "spring", labels, given=given) == first

    said = capsys.readouterr().out
    assert f"warning: {given['accounts']}: not the accounts that were frozen" in said
    assert f"warning: {given['posts']}: no such file" in said


def test_a_published_hash_is_held_to(
    home: Path, tiny_world: TinyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = forecasts(home)[0]["hash"]
    command = ["forecast", "score", "--folder", str(home), "--name", "spring"]
    command += ["--labels", str(home / "labels.csv"), "--expect", published]
    monkeypatch.setattr("sys.argv", command)
    main()
    # Later lines do not change it; a ledger written anew does, though it is sound.
    main()
    shutil.rmtree(home / "spring")
    (home / LEDGER).unlink()
    accounts = home / "accounts.parquet"
    other = freeze(tiny_world.folder / "bundle", accounts, None, None, home / "spring")

    with pytest.raises(ArtefactError, match=f"as {other}, expected {published}"):
        main()

    assert len(read_ledger(home / LEDGER)) == 1


@pytest.mark.parametrize("model", [[], ["--world", "demo", "--bundle", "x"]])
def test_one_model_is_asked_for(
    model: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["forecast", "freeze", "--accounts", "a.csv", "--out", "spring", *model]
    monkeypatch.setattr("sys.argv", command)

    with pytest.raises(SystemExit):
        main()

    said = capsys.readouterr().err.splitlines()[-1]
    assert "--world" in said
    assert "--bundle" in said


def _append(ledger: Path, facts: dict[str, Any]) -> str:
    with writing(ledger) as append:
        return append(facts)


def _better_figure(lines: list[str]) -> list[str]:
    return [line.replace('"n_pos": ', '"n_pos": 9') for line in lines]


def _one_left_out(lines: list[str]) -> list[str]:
    return lines[1:]


def _other_order(lines: list[str]) -> list[str]:
    return lines[::-1]


def _torn(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[-1][:-10]]


@pytest.mark.parametrize("tamper", [_better_figure, _one_left_out, _other_order, _torn])
def test_a_changed_ledger_is_refused_by_line(
    tamper: Callable[[list[str]], list[str]], home: Path
) -> None:
    score_forecast(home, "spring", home / "labels.csv")
    ledger = home / LEDGER
    changed = tamper(ledger.read_text().splitlines())
    ledger.write_text("".join(f"{line}\n" for line in changed))

    for use in (
        lambda: forecasts(home),
        lambda: _append(ledger, {"event": "frozen"}),
        lambda: score_forecast(home, "spring", home / "labels.csv"),
    ):
        with pytest.raises(ArtefactError, match=r"ledger\.jsonl, line \d+: changed"):
            use()


def _sealed(entries: list[dict[str, Any]]) -> str:
    """A ledger of these entries, every hash of the chain computed anew."""
    lines, previous = [], "0" * 64
    for entry in entries:
        facts = {k: v for k, v in entry.items() if k != "hash"} | {"previous": previous}
        text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
        previous = hashlib.sha256(text.encode()).hexdigest()
        lines.append(json.dumps(facts | {"hash": previous}) + "\n")
    return "".join(lines)


FORGERIES: list[tuple[Callable[[Any], Any], str]] = [
    (lambda lines: [{}, *lines], "line 1: event"),
    (lambda lines: [{"event": "frozen"}], "line 1: name: Field required; forecast"),
    (lambda lines: [lines[0] | {"name": "../spring"}], "line 1: name"),
    (lambda lines: [lines[0] | {"name": ".."}], "line 1: name"),
    (lambda lines: [lines[0] | {"forecast": 7}], "line 1: forecast"),
    (lambda lines: [lines[0], lines[1] | {"auc": "high"}], "line 2: auc"),
    (lambda lines: [lines[0], lines[1] | {"n_pos": -1}], "line 2: n_pos"),
    (lambda lines: lines[1:], "line 1: spring was scored and never frozen"),
    (lambda lines: [lines[0], lines[0]], "line 2: spring was frozen before"),
    (lambda lines: [lines[0], lines[1] | {"forecast": "0" * 64}], "line 2: scores an"),
]


@pytest.mark.parametrize(("forge", "message"), FORGERIES)
def test_a_forged_entry_is_refused_though_its_hash_is_its_own(
    forge: Callable[[Any], Any], message: str, home: Path
) -> None:
    score_forecast(home, "spring", home / "labels.csv")
    ledger = home / LEDGER
    entries = read_ledger(ledger)
    ledger.write_text(_sealed(entries))
    assert len(forecasts(home)) == 1

    ledger.write_text(_sealed(forge(entries)))

    for use in (
        lambda: forecasts(home),
        lambda: score_forecast(home, "spring", home / "labels.csv"),
    ):
        with pytest.raises(ArtefactError, match=message):
            use()


@pytest.mark.parametrize(
    ("forge", "message"),
    [
        (lambda facts: facts | {"anchor": "half"}, "anchor"),
        (lambda facts: facts | {"input": {"accounts": 1}}, "input.accounts"),
        (lambda facts: [facts], "the whole"),
    ],
)
def test_a_forged_description_is_refused(
    forge: Callable[[Any], Any], message: str, home: Path
) -> None:
    path = home / "spring" / "forecast.json"
    path.write_text(json.dumps(forge(read_json(path))))
    forged = hashlib.sha256(path.read_bytes()).hexdigest()
    [entry] = read_ledger(home / LEDGER)
    (home / LEDGER).write_text(_sealed([entry | {"forecast": forged}]))

    with pytest.raises(ArtefactError, match=rf"forecast\.json: {message}"):
        score_forecast(home, "spring", home / "labels.csv")

    assert message in forecasts(home)[0]["changed"]


@pytest.mark.parametrize(
    ("forge", "message"),
    [
        (lambda table: table.drop("outcome"), "outcome"),
        (lambda table: pl.concat([table, table]), "stands twice"),
        (lambda table: table.with_columns(bot_probability=None), "has no number"),
    ],
)
def test_forged_predictions_are_refused(
    forge: Callable[[pl.DataFrame], pl.DataFrame], message: str, home: Path
) -> None:
    _refreeze(home, forge)

    with pytest.raises(ArtefactError, match=message):
        score_forecast(home, "spring", home / "labels.csv")


def test_ids_keep_the_zeros_that_they_begin_with(home: Path) -> None:
    ids = ["007", "7", "0001", "1"]
    path = home / "labels.csv"
    rows = {"account_id": ids, "label": [1, 0, 0, 1]}
    pl.DataFrame(rows).write_csv(path)
    _refreeze(
        home,
        lambda table: (
            table.filter(pl.col("outcome") == "scored")
            .head(2)
            .with_columns(
                account_id=pl.Series(["007", "0001"]),
                bot_probability=pl.Series([0.9, 0.2]),
            )
        ),
    )

    result = score_forecast(home, "spring", path)

    assert (result["n_pos"], result["n_neg"], result["not_predicted"]) == (1, 1, 2)
    assert result["auc"] == 1


def _refreeze(home: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Freeze other predictions instead of the ones that stand there."""
    path = home / "spring" / "predictions.parquet"
    change(pl.read_parquet(path)).write_parquet(path)
    described = home / "spring" / "forecast.json"
    facts = read_json(described)
    facts["predictions"] = hashlib.sha256(path.read_bytes()).hexdigest()
    described.write_text(json.dumps(facts))
    entry = {"event": "frozen", "name": "spring"}
    entry["forecast"] = hashlib.sha256(described.read_bytes()).hexdigest()
    (home / LEDGER).write_text(_sealed([entry]))


def test_a_name_is_taken_once(home: Path, tiny_world: TinyWorld) -> None:
    def again() -> str:
        accounts = home / "accounts.parquet"
        return freeze(
            tiny_world.folder / "bundle", accounts, None, None, home / "spring"
        )

    with pytest.raises(InputError, match="there is a forecast of this name"):
        again()
    shutil.rmtree(home / "spring")
    with pytest.raises(InputError, match="there is a forecast of this name"):
        again()


@pytest.mark.parametrize("name", [LEDGER, ".spring", "..", "notes"])
def test_nothing_else_is_written_over(
    name: str, home: Path, tiny_world: TinyWorld
) -> None:
    (home / "notes").mkdir()
    (home / "notes" / "forecast.json").write_text("mine")
    (home / LEDGER).unlink()
    accounts = home / "accounts.parquet"

    with pytest.raises(InputError, match="choose another"):
        freeze(tiny_world.folder / "bundle", accounts, None, None, home / name)

    assert (home / "notes" / "forecast.json").read_text() == "mine"


def test_killed_before_its_entry_a_forecast_is_frozen_anew(
    frozen: Path, tiny_world: TinyWorld, tmp_path: Path, root: Path
) -> None:
    bundle, accounts = tiny_world.folder / "bundle", frozen / "accounts.parquet"
    out, ledger = tmp_path / "spring", tmp_path / LEDGER
    # A pipe for a ledger: whoever reads it waits until somebody writes.
    os.mkfifo(ledger)
    command = _freezing(bundle, accounts, out)
    with subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL) as process:
        try:
            _until(lambda: _told_empty(ledger), process)
            _until(out.exists, process)
        finally:
            process.kill()
    ledger.unlink()
    left = {path.name for path in out.iterdir()}
    assert left == {"forecast.json", "predictions.parquet"}

    entered = freeze(bundle, accounts, frozen / "posts.parquet", None, out)

    assert [row["hash"] for row in forecasts(tmp_path)] == [entered]
    assert score_forecast(tmp_path, "spring", frozen / "labels.csv")["n_pos"] > 0


def test_of_two_who_freeze_one_name_at_once_one_is_refused(
    frozen: Path, tiny_world: TinyWorld, tmp_path: Path, root: Path
) -> None:
    out = tmp_path / "spring"
    command = _freezing(tiny_world.folder / "bundle", frozen / "accounts.parquet", out)
    with writing(tmp_path / LEDGER):
        both = [
            subprocess.Popen(
                command,
                cwd=root,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        waiting = [process.stdout.readline() for process in both if process.stdout]

    said = "".join(process.communicate(timeout=60)[1] for process in both)
    assert sorted(process.returncode for process in both) == [0, 1]
    assert all("waiting for it" in line for line in waiting)
    assert "there is a forecast of this name" in said
    [row] = forecasts(tmp_path)
    assert row["changed"] is None


def _freezing(bundle: Path, accounts: Path, out: Path) -> list[str]:
    command = [sys.executable, "-m", "pipeline.forecast", "freeze", "--bundle"]
    return [*command, str(bundle), "--accounts", str(accounts), "--out", str(out)]


def _until(done: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    started = time.monotonic()
    while not done():
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() - started < 60
        time.sleep(0.02)


def _told_empty(pipe: Path) -> bool:
    """Whether somebody waits at the pipe, who then reads nothing from it."""
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"account_id": ["a"], "truth": [1]}, "no column label"),
        ({"account_id": ["a", "b"], "label": [1, 2]}, "row 2: label is not 1 or 0"),
        ({"account_id": ["a", "b"], "label": [1.0, 0.5]}, "row 2: label is not 1 or 0"),
        ({"account_id": ["a", None], "label": [1, 0]}, "row 2: account_id is empty"),
        ({"account_id": ["a", "a"], "label": [1, 0]}, "row 1: account_id stands twice"),
        ({"account_id": ["a", "b"], "label": [1, 0]}, "0 of 2 labels are of accounts"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(
    rows: dict[str, Any], message: str, home: Path
) -> None:
    pl.DataFrame(rows).write_csv(home / "bad.csv")

    with pytest.raises(InputError, match=message):
        score_forecast(home, "spring", home / "bad.csv")


def test_an_unknown_forecast_is_refused_with_those_known(home: Path) -> None:
    with pytest.raises(InputError, match="no forecast autumn; known: spring"):
        score_forecast(home, "autumn", home / "labels.csv")


@pytest.mark.parametrize("column", ["account_id", "label"])
def test_labels_in_lists_are_refused(column: str, home: Path) -> None:
    rows = pl.DataFrame({"account_id": ["a", "b"], "label": [1, 0]})
    rows.with_columns(pl.concat_list(column)).write_parquet(home / "bad.parquet")

    with pytest.raises(InputError, match=r"bad.parquet: cannot be read .*List"):
        score_forecast(home, "spring", home / "bad.parquet")


def test_a_world_without_a_champion_is_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["forecast", "freeze", "--world", "demo", "--accounts", "a.csv"]
    monkeypatch.setattr("sys.argv", [*command, "--out", "spring"])
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InputError, match="no champion of world demo; `make promote"):
        main()

    assert not list(tmp_path.iterdir())


def test_no_forecast_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["forecast", "list", "--folder", str(tmp_path)]
    monkeypatch.setattr("sys.argv", command)

    main()

    assert capsys.readouterr().out == f"  {tmp_path}: no forecast yet\n"
