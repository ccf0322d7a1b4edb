"""Verdicts make labels where a source asks for them, and elsewhere are shown only."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.errors import ParamsError
from pipeline.files import read_json
from pipeline.label import LabelParams, label
from pipeline.reviewers import ReviewerRules, agreed, place
from pipeline.verdicts import VERDICTS, ReadVerdicts, no_verdicts
from tests.pipeline.conftest import TinyWorld

RULES = ReviewerRules(files={}, least_reviewers=2, confidence=0.9)
WORDS = {"i": "inauthentic", "a": "authentic", "u": "undecided"}


def verdicts(**letters: str) -> pl.DataFrame:
    """A verdict a letter on each account, of reviewers r0, r1, ..."""
    rows = [
        {
            "receipt": "ab" * 32,
            "account_id": account if "/" in account else account.replace("_", "/"),
            "verdict": WORDS[letter],
            "reason": "a_reason",
            "reviewer": f"r{number}",
            "at": None,
        }
        for account, given in letters.items()
        for number, letter in enumerate(given)
    ]
    return pl.DataFrame(rows, schema=VERDICTS)


def decided(letters: str, rules: ReviewerRules = RULES) -> tuple[int, float] | None:
    found = agreed(verdicts(s_1=letters), rules)
    return found.select("verdict", "strength").row(0) if found.height else None


@pytest.mark.parametrize(
    ("letters", "label_", "strength"),
    [
        # n / (n + 1.645 ** 2) where all agree.
        ("ii", 1, 0.425),
        ("aa", 0, 0.425),
        ("iii", 1, 0.526),
        ("iiiiiiiiii", 1, 0.787),
        # Lower end of the 90 % Wilson interval of 3 of 4, and of 2 of 3.
        ("iiia", 1, 0.356),
        ("iiu", 1, 0.254),
    ],
)
def test_strength_is_the_lower_end_of_agreement(
    letters: str, label_: int, strength: float
) -> None:
    found = decided(letters)

    assert found is not None
    assert found[0] == label_
    assert found[1] == pytest.approx(strength, abs=0.001)


@pytest.mark.parametrize("letters", ["i", "ia", "iuu", "uuu", "iiaa"])
def test_a_tie_or_too_few_decide_nothing(letters: str) -> None:
    assert decided(letters) is None


def test_one_reviewer_may_be_enough_by_rule() -> None:
    found = decided("i", RULES.model_copy(update={"least_reviewers": 1}))

    assert found is not None
    assert found[1] == pytest.approx(0.270, abs=0.001)


def test_ids_may_come_with_their_source_or_without() -> None:
    given = pl.DataFrame({"account_id": ["s/1", "s/2", "t/2"]})
    rows = verdicts(s_1="i").vstack(verdicts(**{"2": "a"}))
    rows = rows.vstack(verdicts(s_9="i"))

    placed, ambiguous = place(rows, given, {})

    assert ambiguous == 0
    assert placed.select("number", "account_id").rows() == [
        (0, "s/1"),
        (1, "s/2"),
        (1, "t/2"),
    ]


def test_an_id_without_source_that_different_people_have_counts_for_nobody() -> None:
    given = pl.DataFrame({"account_id": ["s/1", "t/1", "t/2", "u/1"]})
    rows = (
        verdicts(**{"1": "i"}).vstack(verdicts(t_1="a")).vstack(verdicts(**{"2": "i"}))
    )

    placed, ambiguous = place(rows, given, {"t": "its own"})

    assert ambiguous == 1
    assert placed.select("number", "account_id").rows() == [(1, "t/1"), (2, "t/2")]


def test_a_reviewer_counts_once_however_the_id_is_written() -> None:
    given = pl.DataFrame({"account_id": ["s/1"]})
    rows = verdicts(s_1="ia").vstack(verdicts(**{"1": "i"}))
    days = pl.Series([datetime(2022, 1, day, tzinfo=UTC) for day in (2, 3, 1)])
    other = rows.with_columns(reviewer=pl.lit("r"), at=days.cast(VERDICTS["at"]))

    once = agreed(place(rows, given, {})[0], RULES)
    one = RULES.model_copy(update={"least_reviewers": 1})
    last = agreed(place(other, given, {})[0], one)

    # Of the first reviewer one of two verdicts counts, and the second one disagrees.
    assert once.is_empty()
    assert last.select("verdict", "reviewers").rows() == [(0, 1)]


def labelled(
    world: TinyWorld, folder: Path, rows: pl.DataFrame, **kinds: str
) -> tuple[dict[str, Any], pl.DataFrame, pl.DataFrame]:
    """Report, labels and conflicts of the tiny world with verdicts and other kinds."""
    sources = []
    for source in world.sources:
        kind = kinds.get(source.name)
        if kind is None:
            sources.append(source)
            continue
        controls = world.sources[-1].controls
        positives = world.sources[0].positives
        assert controls is not None
        assert positives is not None
        sources.append(
            source.model_copy(
                update={
                    "positives": positives.model_copy(
                        update={"kind": kind, "campaign": "reviewed"}
                    ),
                    "controls": controls.model_copy(update={"kind": kind}),
                }
            )
        )
    params = LabelParams.model_validate(world.params["label"])
    read = ReadVerdicts(rows, no_verdicts().rejected, rows.height)
    report = label(world.folder / "canonical", sources, params, read, folder / "out")
    assert read_json(folder / "out" / "report.json") == report
    found = [
        pl.read_parquet(folder / "out" / f"{name}.parquet")
        for name in ("labels", "conflicts")
    ]
    return report, found[0], found[1]


def test_a_source_may_leave_its_labels_to_the_reviewers(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    named = tiny_world.table("canonical/labels").filter(source="fandom")["account_id"]
    first, second = (account.replace("/", "_") for account in named[:2])
    rows = verdicts(**{first: "iii", second: "aau"})

    report, labels, conflicts = labelled(tiny_world, tmp_path, rows, fandom="reviewer")

    own = labels.filter(kind="reviewer").sort("account_id")
    assert own["account_id"].to_list() == sorted(named[:2])
    by_id = {row["account_id"]: row for row in own.iter_rows(named=True)}
    assert by_id[named[0]]["label"] == 1
    assert by_id[named[0]]["campaign"] == "reviewed"
    assert by_id[named[0]]["strength"] == pytest.approx(0.526, abs=0.001)
    assert by_id[named[1]]["label"] == 0
    out = conflicts.filter(rule="no_verdict")
    assert sorted(out["account_id"]) == sorted(named[2:])
    assert report["accounts"]["left_out"] == len(named) - 2
    assert report["reviewers"]["accounts_decided"] == 2


def test_a_verdict_never_overrules_a_label_silently(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    before = tiny_world.table("labelled/labels")
    takedown = before.filter(label=1)["account_id"][0]
    control = before.filter(label=0)["account_id"][0]
    rows = verdicts(
        **{takedown: "aaaaa", control: "aaa"},
        s_nobody="i",
    )

    report, labels, conflicts = labelled(tiny_world, tmp_path, rows)

    assert labels.equals(before)
    shown = conflicts.select("account_id", "rule", "label", "kind", "kept").rows()
    assert shown == [
        (takedown, "reviewers", 1, "platform", True),
        (takedown, "reviewers", 0, "reviewer", False),
    ]
    counted = report["reviewers"]
    assert counted["labels_confirmed"] == 1
    assert (counted["used"], counted["account_unknown"]) == (8, 1)
    assert counted["account_ambiguous"] == 0
    assert report["conflicts"]["reviewers"] == {"accounts": 1, "rows": 2, "left_out": 1}


def test_a_source_left_to_reviewers_declares_both_classes(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    one_sided = tiny_world.sources[0]
    assert one_sided.positives is not None
    kind = one_sided.positives.model_copy(update={"kind": "reviewer"})
    sources = [one_sided.model_copy(update={"positives": kind})]
    params = LabelParams.model_validate(tiny_world.params["label"])
    folder = tiny_world.folder / "canonical"

    with pytest.raises(ParamsError, match="declare positives and controls"):
        label(folder, sources, params, no_verdicts(), tmp_path / "out")
