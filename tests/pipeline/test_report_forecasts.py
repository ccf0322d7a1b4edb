"""The report's section on forecasts, of a ledger as it is written."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.errors import ArtefactError, InputError
from models.metrics import FIGURES
from pipeline.files import write_json
from pipeline.frozen import LEDGER
from pipeline.ledger import writing
from pipeline.report_forecasts import frozen_forecasts
from pipeline.report_page import main
from pipeline.run_record import content_hash
from tests.pipeline.conftest import TinyWorld
from tests.pipeline.test_data_report import EVIL, read
from tests.pipeline.test_report_page import words


def enter(folder: Path, name: str, world: str = "demo") -> str:
    """The hash of a forecast whose files are of the form that freezing writes."""
    home = folder / name
    home.mkdir(parents=True)
    predictions = home / "predictions.parquet"
    pl.DataFrame({"account_id": ["a", "b"]}).write_parquet(predictions)
    facts: dict[str, Any] = {"name": name, "world": world, "latest": "2021-03-04"}
    facts |= {"scored": 1234, "abstained": 56, "rejected": 7}
    facts |= {"predictions": content_hash(predictions), "bundle": "b" * 64}
    facts |= {"anchor": 0.5, "input": {}}
    write_json(facts, home / "forecast.json")
    with writing(folder / LEDGER) as append:
        entry = {"event": "frozen", "name": name}
        return append(entry | {"forecast": content_hash(home / "forecast.json")})


def come(
    folder: Path,
    name: str,
    labels: str,
    auc: float,
    figures: tuple[str, ...] = FIGURES,
    **further: float,
) -> None:
    forecast = content_hash(folder / name / "forecast.json")
    facts: dict[str, Any] = {"event": "scored", "name": name, "forecast": forecast}
    facts |= {"labels": labels}
    facts |= {"n_pos": 11, "n_neg": 22, "abstained": 3, "not_predicted": 0}
    facts |= {"not_labelled": 4, **dict.fromkeys(figures), "auc": auc, **further}
    with writing(folder / LEDGER) as append:
        append(facts)


def test_each_forecast_and_each_scoring_is_shown(tmp_path: Path) -> None:
    hashes = {name: enter(tmp_path, name) for name in ("spring", "autumn")}
    come(tmp_path, "spring", "a" * 64, 0.8126)
    come(tmp_path, "spring", "b" * 64, 0.9374)

    shown = words(frozen_forecasts(tmp_path))

    for name, status in (("spring", "scored"), ("autumn", "waits for labels")):
        facts = "demo 2021-03-04 1,234 56 7"
        assert f"{name} {facts} {status} {hashes[name]}" in shown
    # The poorer one stays; figures that may not be reported have no column.
    assert "spring 11 22 3 0 4 0.813 " + "a" * 64 in shown
    assert "spring 11 22 3 0 4 0.937 " + "b" * 64 in shown
    assert "recall" not in shown


def test_a_ledger_older_than_a_figure_is_shown_without_it(tmp_path: Path) -> None:
    before = ("auc", "average_precision", "ece", "brier_skill", "recall_at_fpr_0.01")
    enter(tmp_path, "spring")
    come(tmp_path, "spring", "a" * 64, 0.8126, before)
    come(tmp_path, "spring", "b" * 64, 0.9374, log_loss=0.2345)

    shown = words(frozen_forecasts(tmp_path))

    assert "spring 11 22 3 0 4 0.813 – " + "a" * 64 in shown
    assert "spring 11 22 3 0 4 0.937 0.234 " + "b" * 64 in shown
    come(tmp_path, "spring", "c" * 64, 0.9, log_loss=-0.1)
    with pytest.raises(ArtefactError, match=r"line 4: log_loss: .* greater than or"):
        frozen_forecasts(tmp_path)


def test_what_was_changed_since_is_told_and_not_quoted(tmp_path: Path) -> None:
    entered = enter(tmp_path, "spring")
    enter(tmp_path, "autumn")
    (tmp_path / "spring" / "predictions.parquet").write_bytes(b"other")

    shown = words(frozen_forecasts(tmp_path))

    assert f"a file was changed since {entered}" in shown
    assert shown.count("1,234") == 1
    assert str(tmp_path) not in shown


def test_hostile_names_are_text(tmp_path: Path) -> None:
    enter(tmp_path, EVIL.replace("/", ""), EVIL)

    html = frozen_forecasts(tmp_path)

    assert "script" not in read(html).tags
    assert html.count("&lt;script&gt;") == 3


def test_a_folder_without_a_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ledger\.jsonl: no such ledger"):
        frozen_forecasts(tmp_path)


def test_the_page_shows_them_only_where_asked(
    tiny_world: TinyWorld,
    tiny_details: dict[str, Any],
    tmp_path: Path,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entered = enter(tmp_path / "forecasts", "spring")
    arguments = ["report_page", "--world", "demo", "--out", "report.html"]
    arguments += ["--params", str(root / "params.yaml")]
    arguments += ["--metrics", str(tiny_world.folder / "metrics.json")]
    arguments += ["--details", str(tiny_details["folder"] / "report.json")]
    monkeypatch.chdir(tmp_path)

    def made(*more: str) -> str:
        monkeypatch.setattr("sys.argv", [*arguments, *more])
        main()
        return words((tmp_path / "report.html").read_text())

    assert "Forecasts" not in made()
    shown = made("--ledger", "forecasts")
    assert entered in shown
    places = [shown.index(w) for w in ("Forward in time", "Forecasts", "Few false")]
    assert places == sorted(places)
