from dataclasses import replace
from math import log

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.artefacts import Artefacts
from features.errors import ArtefactError
from tests.features.builders import make_accounts

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


def test_a_table_of_other_handles_is_another_table():
    assert replace(fit("ann"), handle_bigrams={"an": 2}) != fit("ann")
