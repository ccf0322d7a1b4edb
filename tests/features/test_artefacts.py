import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from math import log
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features import clientele, day_curve, prominent
from features.artefacts import Artefacts, plan
from features.build import prepare_fit
from features.errors import ArtefactError
from tests.features.builders import START, make_accounts, make_posts

HANDLES = st.lists(
    st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=8)), max_size=8
)
quick = settings(max_examples=40, deadline=None, database=None)


def of(*handles: str | None) -> pl.DataFrame:
    return make_accounts(*({"handle": handle} for handle in handles))


def fit(*handles: str | None) -> Artefacts:
    return Artefacts.fit(of(*handles))


def test_pairs_are_counted_in_lower_case():
    fitted = fit("Abab", "ab", "a", "", None)

    assert fitted.handle_bigrams == {"ab": 3, "ba": 1}


def test_one_letter_however_it_was_sent():
    assert fit("e\u0301x").digest() == fit("\u00e9x").digest()


@quick
@given(HANDLES, st.randoms(use_true_random=False))
def test_order_of_accounts_leaves_the_digest(handles, shuffler):
    shuffled = [*handles]
    shuffler.shuffle(shuffled)

    assert fit(*shuffled).digest() == fit(*handles).digest()


@quick
@given(HANDLES, HANDLES)
def test_merged_parts_are_the_whole(one, other):
    merged = fit(*one).merge(fit(*other))

    assert merged.to_json() == fit(*one, *other).to_json()
    assert merged.to_json() == fit(*other).merge(fit(*one)).to_json()


def test_other_handles_change_the_digest():
    assert fit("ann").digest() != fit("bob").digest()
    assert fit("ann").digest() != fit("ann", "ann").digest()


def loglik(fitted: Artefacts, *handles: str | None) -> list[float | None]:
    return fitted.handle_bigram_loglik(of(*handles)).to_list()


def test_log_likelihood_by_hand():
    # ab twice, bc once: three pairs, two kinds and one unseen: (count + 1) / 6.
    fitted = fit("abc", "ab")

    found = loglik(fitted, "ab", "ABC", "zzz", "abz", "a", "", None)

    expected = [log(3 / 6), (log(3 / 6) + log(2 / 6)) / 2, log(1 / 6)]
    assert found[:3] == pytest.approx(expected, abs=2e-6)
    assert found[3] == pytest.approx((log(3 / 6) + log(1 / 6)) / 2, abs=2e-6)
    assert found[4:] == [None, None, None]


def test_an_empty_table_gives_no_likelihood():
    assert loglik(fit(), "ab", None) == [None, None]


@quick
@given(HANDLES)
def test_alone_or_in_a_batch(handles):
    fitted = fit("anna", "bobby")

    alone = [loglik(fitted, handle)[0] for handle in handles]

    assert loglik(fitted, *handles) == alone


def test_it_comes_back_from_its_file(tmp_path):
    path = tmp_path / "table.json"
    path.write_text(fit("änn", "bob").to_json(), encoding="utf-8")

    loaded = Artefacts.load(path)

    assert loaded == fit("änn", "bob")
    assert loaded.digest() == fit("änn", "bob").digest()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"handle_bigrams": null}',
        '{"handle_bigrams": ["ab"]}',
        '{"handle_bigrams": {"ab": 1.5}}',
        '{"handle_bigrams": {"ab": "1"}}',
        '{"handle_bigrams": {"ab": true}}',
        '{"handle_bigrams": {"ab": 0}}',
        '{"handle_bigrams": {"ab": -1}}',
        '{"handle_bigrams": {"abc": 1}}',
    ],
)
def test_a_damaged_file_is_refused(text, tmp_path):
    path = tmp_path / "table.json"
    path.write_text(text)

    with pytest.raises(ArtefactError, match="train the model again"):
        Artefacts.load(path)


def test_no_file_and_no_text_are_refused(tmp_path):
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")

    for name in ("absent.json", "bytes.json"):
        with pytest.raises(ArtefactError, match=name):
            Artefacts.load(tmp_path / name)


def people(*followers: int | None, base: int = 0) -> pl.DataFrame:
    return make_accounts(
        *(
            {"account_id": f"a/{base + i}", "followers": count, "handle": f"h{i}"}
            for i, count in enumerate(followers)
        )
    )


TEXT = "a long sentence that nobody else writes by chance, number "
SAID = st.tuples(
    st.integers(0, 4),
    st.integers(0, 6),
    st.integers(0, 3),
    st.sampled_from([None, "web", "mine"]),
    st.sampled_from(["original", "reply", "repost"]),
)


def fit_posts(
    said: Sequence[tuple[int, int, int, str | None, str]], who: Sequence[int] = range(5)
) -> Artefacts:
    """Tables of five accounts, or of some of them, and what they said when."""
    accounts = people(0, 10, 10, 500, None)
    posts = [
        {
            "post_id": str(place),
            "account_id": f"a/{account}",
            "text": f"{TEXT}{text}",
            "posted_at": START + timedelta(minutes=minute),
            "client": client,
            "kind": kind,
        }
        for place, (account, text, minute, client, kind) in enumerate(said)
    ]
    inside = pl.col("account_id").is_in([f"a/{i}" for i in who])
    fitted = prepare_fit(accounts.filter(inside), make_posts(posts).filter(inside))
    return Artefacts.fit(*fitted)


@pytest.fixture
def small_index(monkeypatch):
    monkeypatch.setattr(prominent, "LARGEST", 2)


@pytest.mark.usefixtures("small_index")
@settings(quick, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SAID, max_size=20), st.integers(0, 5))
def test_tables_of_partitions_merge_into_those_of_the_whole(said, cut):
    """Also where the index is full and lets texts fall."""
    one, other = fit_posts(said, range(cut)), fit_posts(said, range(cut, 5))

    assert one.merge(other).to_json() == fit_posts(said).to_json()
    assert other.merge(one).to_json() == fit_posts(said).to_json()


@quick
@given(st.lists(SAID, max_size=20), st.randoms(use_true_random=False))
def test_order_of_posts_leaves_the_digest(said, shuffler):
    shuffled = [*said]
    shuffler.shuffle(shuffled)

    assert fit_posts(shuffled).digest() == fit_posts(said).digest()


def test_what_stands_in_the_tables():
    said = [
        (1, 0, 5, "web", "original"),
        # As widely read, and earlier.
        (2, 0, 3, "web", "original"),
        # Nobody reads it; a reply; somebody else's words.
        (0, 1, 0, "web", "original"),
        (1, 2, 0, "mine", "reply"),
        (1, 3, 0, None, "repost"),
        (3, 4, 9, None, "original"),
    ]

    fitted = fit_posts(said)

    minute = int(START.timestamp()) // 60
    entries = sorted(entry[:2] for entry in fitted.prominent.texts.values())
    assert entries == [(10, minute + 3), (500, minute + 9)]
    assert sorted(fitted.clientele.users.values()) == [1, 3]
    assert fitted.clientele.accounts == 3


def test_the_index_keeps_the_most_widely_read(small_index):
    said = [(a, a, 0, None, "original") for a in (1, 2, 3)]

    readers = [entry[0] for entry in fit_posts(said).prominent.texts.values()]

    assert sorted(readers) == [10, 500]


def test_reposts_are_readers_too():
    post = {"account_id": "a/0", "text": TEXT, "posted_at": START, "reposts": 7}

    fitted = Artefacts.fit(*prepare_fit(people(None), make_posts([post])))

    assert [entry[0] for entry in fitted.prominent.texts.values()] == [7]


def test_hashes_of_texts_are_those_of_stored_tables():
    """Should a Polars hash otherwise one day, stored tables find nothing: this tells."""
    hashed = pl.Series(["Telltale"]).hash(0)

    assert hashed.to_list() == [13617243504227900799]


@pytest.mark.parametrize(
    "damage",
    [
        {"clientele": None},
        {"clientele": {"users": {}}},
        {"clientele": {"users": {"x": 1}, "accounts": 1}},
        {"clientele": {"users": {"1": -1}, "accounts": 1}},
        {"clientele": {"users": {"1": 1.5}, "accounts": 1}},
        {"prominent": None},
        {"prominent": {"1": [1, 2]}},
        {"prominent": {"1": [1, 2, "3"]}},
        {"prominent": {"x": [1, 2, 3]}},
        {"day_curve": None},
        {"day_curve": [1] * 23},
        {"day_curve": [0] * 24},
        {"day_curve": [1.0] * 24},
        {"day_curve": [-1] * 24},
    ],
)
def test_damaged_tables_of_posts_are_refused(damage, tmp_path):
    whole = json.loads(fit_posts([(1, 0, 0, "web", "original")]).to_json())
    path = tmp_path / "table.json"
    path.write_text(json.dumps(whole))
    assert Artefacts.load(path).prominent.texts

    path.write_text(json.dumps(whole | damage))

    with pytest.raises(ArtefactError, match="train the model again"):
        Artefacts.load(path)


def test_tables_of_posts_come_back_from_their_file(tmp_path):
    path = tmp_path / "table.json"
    fitted = fit_posts([(1, 0, 0, "web", "original"), (3, 1, 0, "mine", "original")])
    path.write_text(fitted.to_json())

    assert Artefacts.load(path) == fitted
    assert Artefacts.load(path).digest() == fitted.digest()


def test_a_table_of_other_handles_is_another_table():
    assert replace(fit("ann"), handle_bigrams={"an": 2}) != fit("ann")


@pytest.mark.parametrize(
    ("module", "was", "becomes"),
    [
        (prominent, '> pl.col("original_minute")', '>= pl.col("original_minute")'),
        (clientele, "log(", "2 * log("),
        (day_curve, "LEAST: Final = 50", "LEAST: Final = 60"),
    ],
)
def test_the_plan_changes_with_a_look_up_and_not_with_its_comments(
    module, was, becomes, tmp_path
):
    source = Path(module.__file__).read_text()
    assert was in source

    def other(name, text):
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        made = ModuleType(name)
        made.__file__ = str(path)
        return made

    same = other("same", source.replace("\n\n\n", "\n\n# Why.\n\n", 1))
    changed = other("changed", source.replace(was, becomes, 1))

    assert plan([same]) == plan([module])
    assert plan([changed]) != plan([module])
