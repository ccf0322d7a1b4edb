from pathlib import Path

import pytest

from features.errors import InputError
from pipeline.add_world import add_world

SOURCE = """
    - name: archive
      format: csv
      files: {accounts: [accounts.csv]}
      positives: {campaign: null, operator: a, kind: platform, strength: 1.0,
        disclosed_at: null, in_headline: true, reason: null}
      controls: null
      as_of: {rule: last_post, at: null}
      date_order: null
      zone: UTC
      encoding: utf-8
      history_complete: true
      platform_start: "2006-03-21T00:00:00Z"
      needs_posts: false
      terms: none
"""
PARAMS = f"""# Worlds to make.
worlds: [demo]  # the committed state

# Where the rows come from.
sources:
  demo: []
  public:{SOURCE}"""


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "archives").mkdir()
    path = tmp_path / "params.yaml"
    path.write_text(PARAMS)
    return path


def test_the_world_is_linked_and_listed(
    params: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_world("public", Path("archives"), params)

    raw = Path("data/public/raw")
    assert raw.is_symlink()
    assert raw.resolve() == Path("archives").resolve()
    assert params.read_text() == PARAMS.replace("[demo]", "[demo, public]")
    assert "do not commit" in capsys.readouterr().out


def test_adding_twice_changes_nothing(params: Path) -> None:
    add_world("public", Path("archives"), params)
    listed = params.read_text()

    add_world("public", None, params)

    assert params.read_text() == listed
    assert Path("data/public/raw").resolve() == Path("archives").resolve()


def test_an_older_link_is_replaced(params: Path, tmp_path: Path) -> None:
    add_world("public", Path("archives"), params)
    (tmp_path / "newer").mkdir()

    add_world("public", Path("newer"), params)

    assert Path("data/public/raw").resolve() == (tmp_path / "newer").resolve()


def test_a_link_whose_folder_is_gone_is_replaced(params: Path, tmp_path: Path) -> None:
    add_world("public", Path("archives"), params)
    (tmp_path / "archives").rename(tmp_path / "moved")

    add_world("public", Path("moved"), params)

    assert Path("data/public/raw").is_dir()


@pytest.mark.parametrize(
    ("world", "data", "message"),
    [
        ("publik", "archives", "known: demo, public"),
        ("demo", "archives", "simulated and takes no archives"),
        ("public", "nowhere", "no such folder"),
        ("public", None, "make repro WORLD=public DATA="),
    ],
)
def test_what_cannot_be_added_is_refused(
    world: str, data: str | None, message: str, params: Path
) -> None:
    with pytest.raises(InputError, match=message):
        add_world(world, Path(data) if data else None, params)

    assert params.read_text() == PARAMS


def test_a_real_directory_is_not_replaced(params: Path) -> None:
    Path("data/public/raw").mkdir(parents=True)

    with pytest.raises(InputError, match="real directory"):
        add_world("public", Path("archives"), params)

    assert Path("data/public/raw").is_dir()


def test_a_list_over_many_lines_is_left_to_the_user(params: Path) -> None:
    params.write_text(PARAMS.replace("[demo]", "\n  - demo"))

    with pytest.raises(InputError, match="by hand"):
        add_world("public", Path("archives"), params)


def test_sources_are_checked_first(params: Path) -> None:
    params.write_text(PARAMS.replace("zone: UTC", "zone: CET"))

    with pytest.raises(InputError, match=r"sources\.public\.0\.zone"):
        add_world("public", Path("archives"), params)

    assert not Path("data").exists()
