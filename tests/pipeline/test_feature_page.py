import dataclasses
import re
import sys
from collections.abc import Collection, Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest

from features.catalogue import CATALOGUE
from features.errors import ArtefactError
from models.single import Single, judge
from pipeline import feature_html
from pipeline.feature_html import as_html
from pipeline.feature_page import check_page, main, make_page, read_values
from pipeline.stage import run_stage
from pipeline.unsimulated import UNSIMULATED
from tests.pipeline.conftest import TinyWorld

NOTHING = Single({"x": None}, None, (1.0, 1.0), None, None, None, ([], []))


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
    unknown = page.count("No account of this world has a value")
    alike = page.count("Every account of this world that has a value has ")
    assert 2 <= unknown < unknown + alike < len(CATALOGUE) / 4
    assert page.count("<svg ") == len(CATALOGUE) - unknown - alike


def test_what_has_no_histogram_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("profile_likes_log", "style_quote_share", "style_comma_share")
    some = tuple(f for f in CATALOGUE if f.name in names)
    monkeypatch.setattr(feature_html, "CATALOGUE", some)
    alike = dataclasses.replace(NOTHING, only=0.0, low=0.0, high=0.0)
    found = dict(zip(names, (NOTHING, alike, alike), strict=True))

    demo, public = (as_html(world, (1, 1), found) for world in ("demo", "public"))

    assert "<svg " not in demo + public
    assert "has a value has 0: its posts hold no quotation marks.<" in demo
    assert "No account of this world has a value: its archives, like those" in demo
    assert "has a value has 0.</p>" in demo
    # The reasons are those of the demo world: elsewhere it is what a value takes.
    assert public.count("has a value has 0.</p>") == 2
    assert "has a value. The archive or the caller did not give this count." in public


# In a world of a few hundred accounts nobody has them, or few do.
RARE = {
    "handle_digit_run",
    "name_handle_digit_tail",
    "change_hashtag_distance",
    "copying_prominent_share",
    "coactivity_block_ratio",
}


def check_unsimulated(found: Mapping[str, Single], said: Collection[str]) -> None:
    """What tells nothing in the demo world is what is said to."""
    silent = {n for n, s in found.items() if s.low is None or s.only is not None}

    assert set(said) <= silent <= {*said, *RARE}


def test_what_the_demo_world_lacks_is_said(tiny_world: TinyWorld) -> None:
    folder = tiny_world.folder
    values = read_values(folder / "features", folder / "labelled" / "labels.parquet")
    found = judge(values, CATALOGUE)

    check_unsimulated(found, UNSIMULATED)
    # The twins: a reason for what varies, and none for what does not.
    with pytest.raises(AssertionError):
        check_unsimulated(found, {*UNSIMULATED, "style_comma_share"})
    with pytest.raises(AssertionError):
        check_unsimulated(found, {*UNSIMULATED} - {"style_quote_share"})


def test_a_family_says_what_points_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_html, "CATALOGUE", CATALOGUE[:4])
    told = ((0.0, 0.0), None, 0.0, 1.0, ([1.0], [1.0]))
    turned = Single({"x": 0.9, "y": 0.3, "z": None}, 0.5, *told)
    steady = Single({"x": 0.55, "y": 0.1, "z": None}, 0.2, *told)
    alike = Single({"x": 0.5}, 0.5, (0.0, 0.0), 3.0, 3.0, 3.0, ([1.0], [1.0]))
    singles = (turned, steady, NOTHING, alike)
    found = dict(zip((f.name for f in CATALOGUE[:4]), singles, strict=True))

    page = as_html("demo", (1, 1), found)

    said = "4 features, 2 with different values in this world; of these 1 point"
    assert said in page
    assert f'<a href="#{CATALOGUE[1].name}">{CATALOGUE[1].label}</a>, 0.33.' in page
    sides = re.findall(r"campaigns above 0.6, below 0.4</th><td>(\d, \d)<", page)
    assert sides == ["1, 1", "0, 1", "0, 0", "0, 0"]


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
