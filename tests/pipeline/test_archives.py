import json
import sys
from pathlib import Path

import pytest

from features.errors import InputError
from pipeline import archives
from pipeline.archives import list_archives
from pipeline.sources.source import AsOf, Controls, Source


def make_source(**overrides: object) -> Source:
    fields = {
        "name": "archive",
        "format": "csv",
        "files": {"posts": ["posts_*.csv"], "accounts": ["accounts.csv"]},
        "positives": None,
        "controls": Controls(
            name="people", kind="expert", strength=1.0, blocks={"a": 1.0}, slice=None
        ),
        "as_of": AsOf(rule="last_post", at=None),
        "date_order": None,
        "zone": None,
        "encoding": "utf-8",
        "history_complete": True,
        "platform_start": "2006-03-21T00:00:00Z",
        "needs_posts": False,
        "terms": "none",
    }
    return Source.model_validate({**fields, **overrides})


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    for name in ("posts_2.csv", "posts_1.csv", "accounts.csv", "other.csv"):
        (tmp_path / name).write_text("id\n")
    (tmp_path / "posts_0.csv").mkdir()
    return tmp_path


def test_files_are_listed_in_a_fixed_order(raw: Path) -> None:
    rows = list_archives("public", raw, [make_source()])

    assert rows == [
        {"source": "archive", "file": name, "bytes": 3}
        for name in ("posts_1.csv", "posts_2.csv", "accounts.csv")
    ]


def test_a_missing_folder_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="make repro WORLD=public DATA="):
        list_archives("public", tmp_path / "raw", [make_source()])


def test_a_missing_file_names_source_pattern_and_folder(raw: Path) -> None:
    source = make_source(files={"labels": ["labels_*.json"]})

    with pytest.raises(InputError) as caught:
        list_archives("public", raw, [source])

    assert "source archive: no file fits labels: labels_*.json" in str(caught.value)
    assert str(raw) in str(caught.value)


def test_a_simulated_world_needs_no_archives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = "archives --world demo --raw data/demo/raw --out out.json"
    monkeypatch.setattr(sys, "argv", command.split())

    archives.main()

    assert json.loads(Path("out.json").read_text()) == []
