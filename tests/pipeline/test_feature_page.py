import dataclasses
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from features.catalogue import CATALOGUE
from features.errors import ArtefactError
from models.single import Single
from pipeline import feature_html
from pipeline.feature_html import as_html
from pipeline.feature_page import check_page, main, make_page
from pipeline.stage import run_stage
from tests.pipeline.conftest import TinyWorld

NOTHING = Single({"x": None}, None, (1.0, 1.0), None, None, ([], []))


@pytest.fixture(scope="module")
def page(tiny_world: TinyWorld) -> str:
    labels = tiny_world.folder / "labelled" / "labels.parquet"
    return make_page("demo", tiny_world.folder / "features", labels)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [value] if (value := given.get("id")) else []
        self.addresses += [v for k in ("href", "src") if (v := given.get(k))]
        if tag not in ("meta", "rect", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("path",):
            assert self.open.pop() == tag


def test_every_feature_stands_there_with_its_figures(page: str) -> None:
    tags = Tags()
    tags.feed(page)

    assert tags.open == []
    assert {f.name for f in CATALOGUE} <= set(tags.ids)
    assert len(tags.ids) == len(set(tags.ids))
    assert page.count("<article ") == page.count("AUC across") == len(CATALOGUE)
    # Nothing is known of counts that its archives do not have.
    unknown = page.count("No account of this world has a value.")
    assert 2 <= unknown < len(CATALOGUE) / 4
    assert page.count("<svg ") == len(CATALOGUE) - unknown


def test_a_family_says_what_points_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_html, "CATALOGUE", CATALOGUE[:3])
    shares = ([1.0], [1.0])
    turned = Single({"x": 0.9, "y": 0.3, "z": None}, 0.5, (0.0, 0.0), 0.0, 1.0, shares)
    steady = Single({"x": 0.55, "y": 0.1, "z": None}, 0.2, (0.0, 0.0), 0.0, 1.0, shares)
    found = dict(
        zip((f.name for f in CATALOGUE[:3]), (turned, steady, NOTHING), strict=True)
    )

    page = as_html("demo", (1, 1), found)

    said = "3 features, 2 with a value in this world; of these 1 point"
    assert said in page
    assert f'<a href="#{CATALOGUE[1].name}">{CATALOGUE[1].label}</a>, 0.33.' in page
    sides = re.findall(r"campaigns above 0.6, below 0.4</th><td>(\d, \d)<", page)
    assert sides == ["1, 1", "0, 1", "0, 0"]


def test_a_formula_goes_down_to_the_post(page: str) -> None:
    start = page.index('<article id="bloc_step_repeat_share"')
    formula = page[start : page.index("</article>", start)]

    for line in (
        "value = ",
        "steps_repeat = ",
        "minute = [(col(&quot;posted_at&quot;)",
    ):
        assert line in formula


def test_nothing_comes_from_outside(page: str) -> None:
    tags = Tags()
    tags.feed(page)

    assert all(address.startswith("#") for address in tags.addresses)
    assert {address[1:] for address in tags.addresses} <= set(tags.ids)
    assert "<script" not in page
    assert not re.search(r"url\(|@import|\son\w+=", page)


def test_a_simulated_world_says_so(page: str) -> None:
    found = {f.name: NOTHING for f in CATALOGUE}

    assert "A simulated world" in page
    assert "A simulated world" not in as_html("public", (1, 1), found)


def test_a_histogram_says_where_it_ends(page: str) -> None:
    said = "at each end at most one known value in a hundred"

    assert page.count(said) == 1


def test_words_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    first = dataclasses.replace(CATALOGUE[0], label="<b>&", limitation="<i>")
    monkeypatch.setattr(feature_html, "CATALOGUE", (first,))
    single = dataclasses.replace(NOTHING, within={"<u>": 0.5})

    found = as_html("<p>", (1, 1), {first.name: single})

    assert not re.search(r"<b>|<i>|<u>|world <p>", found)
    assert "&lt;b&gt;&amp;" in found


def test_the_command_writes_and_checks(
    page: str, tiny_world: TinyWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "features.html"
    command = [
        "feature_page",
        *("--world", "demo"),
        *("--features", str(tiny_world.folder / "features")),
        *("--labels", str(tiny_world.folder / "labelled" / "labels.parquet")),
        *("--out", str(out)),
    ]
    monkeypatch.setattr(sys, "argv", command)
    run_stage(main)
    assert out.read_text() == page

    monkeypatch.setattr(sys, "argv", [*command, "--check"])
    run_stage(main)
    # The twin: one figure of an older world, and no page at all.
    out.write_text(page.replace("0.5", "0.6", 1))
    with pytest.raises(SystemExit):
        run_stage(main)
    with pytest.raises(ArtefactError, match="does not match"):
        check_page(tmp_path / "none.html", page)
