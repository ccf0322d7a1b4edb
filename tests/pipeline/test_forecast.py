import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.errors import ArtefactError, InputError
from pipeline.forecast import LEDGER, freeze, ledger_rows, score_forecast
from pipeline.ledger import append, read_ledger
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
    """A copy of the forecast, whose input is where it was."""
    return Path(shutil.copytree(frozen, tmp_path / "copy"))


def test_a_forecast_is_scored_once_labels_come(home: Path) -> None:
    assert ledger_rows(home)[0]["status"] == "frozen"

    result = score_forecast(home, "spring", home / "labels.csv")

    labels = pl.read_csv(home / "labels.csv")
    assert result["n_pos"] == labels["label"].sum()
    assert result["n_pos"] + result["n_neg"] == labels.height
    # The model was trained on these very accounts.
    assert result["auc"] > 0.9
    [row] = ledger_rows(home)
    assert (row["name"], row["status"]) == ("spring", "scored")
    assert row["auc"] == result["auc"]
    assert row["recall_at_fpr_0.01"] is None


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


def _other_input(home: Path) -> Path:
    # The copy's description still names the original's input.
    path = home / "spring" / "forecast.json"
    described = json.loads(path.read_text())
    changed = home / "accounts.parquet"
    described["input"]["accounts"]["path"] = changed.as_posix()
    path.write_text(json.dumps(described))
    (home / LEDGER).unlink()
    from pipeline.run_record import content_hash

    entry = {"event": "frozen", "name": "spring"}
    append(home / LEDGER, {**entry, "forecast": content_hash(path)})
    changed.write_bytes(changed.read_bytes() + b" ")
    return changed


@pytest.mark.parametrize(
    "tamper", [_other_probability, _other_description, _other_input]
)
def test_what_was_changed_is_named_and_not_scored(
    tamper: Callable[[Path], Path], home: Path
) -> None:
    path = tamper(home)
    before = (home / LEDGER).read_bytes()

    with pytest.raises(ArtefactError, match="not what was frozen") as caught:
        score_forecast(home, "spring", home / "labels.csv")

    assert str(path) in str(caught.value)
    assert (home / LEDGER).read_bytes() == before


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
        lambda: ledger_rows(home),
        lambda: append(ledger, {"event": "frozen"}),
        lambda: score_forecast(home, "spring", home / "labels.csv"),
    ):
        with pytest.raises(ArtefactError, match=r"ledger\.jsonl, line \d+: changed"):
            use()


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


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"account_id": ["a"], "truth": [1]}, "no column label"),
        ({"account_id": ["a", "b"], "label": [1, 2]}, "row 2: label is not 1 or 0"),
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
