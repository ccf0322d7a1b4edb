"""What must not matter, does not; and a formula that makes it matter is caught."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.artefacts import Artefacts
from features.build import build_features, build_for_each, prepare_fit
from features.catalogue import FEATURES, feature
from features.change import CHANGE
from features.errors import InputError
from features.feature import Feature
from features.life import LIFE
from features.rhythm import RHYTHM
from features.totals import lineage
from tests.features.builders import (
    AS_OF,
    SPEECH,
    START,
    at,
    fails,
    fitted_tables,
    make_account,
    make_accounts,
    make_posts,
    named,
    plain,
    planted,
    smuggled,
    spoken,
)
from tests.features.nasty import tables

TABLE = fitted_tables()
Tables = tuple[pl.DataFrame, pl.DataFrame]
# Creation is known to the day: what counts from it may move by one with the clock.
# A copy is later than its original: the account's clock meets that of the index.
DATED = {"copying_prominent_share"}
AGELESS = tuple(
    f
    for f in FEATURES
    if "created_at" not in lineage(f.inputs()) and f.name not in DATED
)
DATELESS = tuple(f for f in FEATURES if f.name not in DATED)

some = settings(
    max_examples=12,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def build(
    accounts: pl.DataFrame, posts: pl.DataFrame, features: Sequence[Feature] = FEATURES
) -> pl.DataFrame:
    return build_features(accounts, posts, TABLE, features).sort("account_id")


def check_same(one: pl.DataFrame, other: pl.DataFrame) -> None:
    differing = [
        name
        for name in one.columns
        if not one[name].equals(other[name], check_dtypes=True)
    ]
    assert one.shape == other.shape
    assert differing == []


def check_singles(
    accounts: pl.DataFrame, posts: pl.DataFrame, features: Sequence[Feature] = FEATURES
) -> None:
    """Each account alone, with its own posts only, has the values it has in company."""
    alone = [
        build(
            accounts[row],
            posts.filter(pl.col("account_id") == accounts["account_id"][row]),
            features,
        )
        for row in range(accounts.height)
    ]
    check_same(pl.concat(alone).sort("account_id"), build(accounts, posts, features))


def check_order(
    accounts: pl.DataFrame,
    posts: pl.DataFrame,
    features: Sequence[Feature] = FEATURES,
    seed: int = 1,
) -> None:
    # Not reverse(): Polars 2.1 forgets the type of a list column that is all null.
    def backwards(table: pl.DataFrame) -> pl.DataFrame:
        return table.sort(pl.int_range(pl.len()), descending=True)

    def shuffled(table: pl.DataFrame) -> pl.DataFrame:
        return table.sample(fraction=1, shuffle=True, seed=seed)

    check_same(
        build(backwards(accounts), backwards(posts), features),
        build(accounts, posts, features),
    )
    check_same(
        build(shuffled(accounts), shuffled(posts), features),
        build(accounts, posts, features),
    )


def check_strangers(
    accounts: pl.DataFrame, posts: pl.DataFrame, features: Sequence[Feature] = FEATURES
) -> None:
    stranger = make_account(account_id="b/0", followers=3, handle="abab", bio="x")
    theirs = make_posts(
        [{**p, "account_id": i} for i in ("b/0", "nobody") for p in at(*range(60))]
    )
    together = build(
        pl.concat([stranger, accounts]), pl.concat([theirs, posts]), features
    )

    check_same(
        together.filter(pl.col("account_id") != "b/0"),
        build(accounts, posts, features),
    )


def check_future(
    accounts: pl.DataFrame, posts: pl.DataFrame, features: Sequence[Feature] = FEATURES
) -> None:
    later = [
        {
            "account_id": account,
            "posted_at": as_of + timedelta(seconds=seconds),
            "text": "later words #a",
            "kind": "reply",
        }
        for account, as_of in accounts.select("account_id", "as_of").iter_rows()
        for seconds in (0, 1, 60)
    ]

    check_same(
        build(accounts, pl.concat([posts, make_posts(later)]), features),
        build(accounts, posts, features),
    )


def check_bounds(
    accounts: pl.DataFrame, posts: pl.DataFrame, features: Sequence[Feature] = FEATURES
) -> None:
    values = build(accounts, posts, features)
    for measure in features:
        assert values.schema[measure.name] == measure.dtype
        known = values[measure.name].drop_nulls().cast(pl.Float64)
        low, high = measure.range
        assert known.is_finite().all(), measure.name
        assert low is None or (known >= low).all(), (measure.name, known.min())
        assert high is None or (known <= high).all(), (measure.name, known.max())


def check_seconds(
    accounts: pl.DataFrame, posts: pl.DataFrame, features: Sequence[Feature] = FEATURES
) -> None:
    minute = timedelta(minutes=1)
    floored = accounts.with_columns(
        pl.col("as_of").dt.truncate("1m"), pl.col("created_at").dt.truncate("1d")
    )
    # With ids: without, posts of one minute and text are one by their seconds.
    whole = posts.with_columns(
        pl.int_range(pl.len()).cast(pl.String).alias("post_id"),
        pl.col("posted_at", "target_posted_at").dt.truncate("1m"),
    )
    moved = pl.int_range(pl.len()) * 7_919 % 60_000
    late = (pl.duration(milliseconds=moved), pl.duration(milliseconds=moved * 1_439))

    check_same(
        build(
            floored.with_columns(
                pl.col("as_of") + late[0], pl.col("created_at") + late[1]
            ),
            whole.with_columns(
                pl.col("posted_at") + late[0],
                pl.col("target_posted_at") + (minute - timedelta(milliseconds=1)),
            ),
            features,
        ),
        build(floored, whole, features),
    )


def check_clock(
    accounts: pl.DataFrame,
    posts: pl.DataFrame,
    hours: float,
    features: Sequence[Feature] = AGELESS,
) -> None:
    """Other time zones: all times but the creation moved by so many hours."""
    moved = timedelta(hours=hours)

    check_same(
        build(
            accounts.with_columns(pl.col("as_of") + moved),
            posts.with_columns(pl.col("posted_at", "target_posted_at") + moved),
            features,
        ),
        build(accounts, posts, features),
    )


WORDS = ["vote", "rice", "Army", "2020", "#war", "#tea", "@ann", "ქვა", "ომი"]
OTHERS = ["cake", "guns", "Tree", "1984", "#zoo", "#art", "@bob", "ომი", "ქვა"]


def check_topic(texts: list[list[str]], features: Sequence[Feature] = FEATURES) -> None:
    swap = dict(zip(WORDS, OTHERS, strict=True))
    minutes = [index // 3 for index in range(len(texts))]

    def built(sentences: list[str]) -> pl.DataFrame:
        posts = [
            {**post, "text": text, "language": "en" if len(text) % 2 else "fr"}
            for post, text in zip(at(*minutes), sentences, strict=True)
        ]
        return build(make_account(), make_posts(posts), features)

    check_same(
        built([" ".join(swap[word] for word in text) for text in texts]),
        built([" ".join(text) for text in texts]),
    )


def check_calendar(
    accounts: pl.DataFrame, posts: pl.DataFrame, features: Sequence[Feature] = DATELESS
) -> None:
    """The same life 143 weeks later: no feature knows the date."""
    moved = timedelta(weeks=143)

    check_same(
        build(
            accounts.with_columns(pl.col("as_of", "created_at") + moved),
            posts.with_columns(pl.col("posted_at", "target_posted_at") + moved),
            features,
        ),
        build(accounts, posts, features),
    )


def check_languages(
    accounts: pl.DataFrame, posts: pl.DataFrame, features: Sequence[Feature] = FEATURES
) -> None:
    """Other languages in the place of these: no feature knows which they are."""
    other = pl.col("language").replace({"en": "de", "fr-FR": "ka-GE"})
    declared = pl.col("declared_language").replace({"en": "de", "fr-FR": "ka-GE"})

    check_same(
        build(accounts.with_columns(declared), posts.with_columns(other), features),
        build(accounts, posts, features),
    )


def check_rename(
    accounts: pl.DataFrame, posts: pl.DataFrame, features: Sequence[Feature] = FEATURES
) -> None:
    """Another id, handle and name move nothing but what is about handle and name."""
    new_id = "z/" + pl.col("account_id")
    unnamed = [f for f in features if f.group not in ("name", "handle")]

    renamed = build(
        accounts.with_columns(
            account_id=new_id, handle=pl.lit("Someone_99"), name=pl.lit("Someone Else")
        ),
        posts.with_columns(account_id=new_id),
        unnamed,
    )

    check_same(
        renamed.drop("account_id"), build(accounts, posts, unnamed).drop("account_id")
    )


def test_a_feature_alone_has_the_values_that_it_has_among_all():
    """Of measures and lists, only what it reads is made."""
    accounts = make_accounts({"followers": 1}, {"followers": 9})
    posts = make_posts(
        [
            {
                **post,
                "account_id": f"a/{account}",
                "text": f"Word {place} @b see https://c.de/{place % 7} #t{place % 3}!",
                "kind": "reply" if place % 3 else "original",
            }
            for account in (0, 1)
            for place, post in enumerate(at(*range(0, 9_000, 90 + account)))
        ]
    )
    every = build(accounts, posts)

    for one in FEATURES[::7]:
        alone = build(accounts, posts, [one])
        check_same(alone, every.select("account_id", one.name))


def _calendar_has_room(both: Tables) -> bool:
    return bool((both[0]["as_of"].dt.year() < 9999).all())


@some
@given(tables())
def test_alone_or_in_a_batch(given_tables: Tables):
    check_singles(*given_tables)


@some
@given(tables(), st.integers(0, 99))
def test_order_of_rows(given_tables: Tables, seed: int):
    check_order(*given_tables, seed=seed)


@some
@given(tables())
def test_other_accounts_and_their_posts(given_tables: Tables):
    check_strangers(*given_tables)


@settings(some, max_examples=8)
@given(tables().filter(_calendar_has_room))
def test_the_date(given_tables: Tables):
    accounts, posts = given_tables
    room = pl.col("posted_at", "target_posted_at").dt.year() < 9999
    check_calendar(accounts, posts.filter(pl.all_horizontal(room.fill_null(True))))


@settings(some, max_examples=8)
@given(tables())
def test_which_language(given_tables: Tables):
    check_languages(*given_tables)


@some
@given(tables())
def test_the_name_of_the_account(given_tables: Tables):
    check_rename(*given_tables)


@some
@given(tables().filter(_calendar_has_room))
def test_posts_at_and_after_as_of(given_tables: Tables):
    check_future(*given_tables)


@settings(some, max_examples=30)
@given(tables())
def test_values_are_finite_and_within_their_range(given_tables: Tables):
    check_bounds(*given_tables)


@some
@given(tables())
def test_seconds(given_tables: Tables):
    check_seconds(*given_tables)


@some
@given(tables().filter(_calendar_has_room), st.integers(1, 47))
def test_time_zone_does_not_matter(given_tables: Tables, halves: int):
    accounts, posts = given_tables
    early = posts.filter(pl.col("posted_at").dt.year() < 9999)
    check_clock(accounts, early, halves / 2)


def test_what_is_later_than_its_original_follows_the_clock_and_the_date():
    account = make_account()
    copies = make_posts(named(at(*range(60, 65), text=SPEECH)))
    long_ago = copies.with_columns(pl.col("posted_at") - timedelta(weeks=143))
    dated = [feature(name) for name in DATED]

    assert fails(lambda: check_clock(account, copies, -2, dated))
    assert fails(lambda: check_calendar(account, long_ago, dated))
    check_clock(account, copies, -2)
    check_calendar(account, long_ago)


def test_only_what_counts_from_the_creation_may_follow_the_clock():
    assert {f.name for f in FEATURES} - {f.name for f in AGELESS} == {
        *DATED,
        "profile_age_log_days",
        *(
            f"audience_{what}_per_day"
            for what in ("followers", "following", "posts", "listed", "likes")
        ),
        "life_birth_dormancy_log_days",
        "life_silence_age_share",
        "claim_pace_log",
    }


@pytest.mark.parametrize("hours", [0.5, 5.75, *range(1, 24)])
def test_time_zone_does_not_matter_to_a_full_day(hours):
    busy = at(*[(hour * hour * 61) % 7_000 for hour in range(300)])

    check_clock(make_account(), make_posts(busy), hours)
    known = build(make_account(), make_posts(busy), RHYTHM)
    assert known["rhythm_circadian_distance"][0] is not None


@pytest.mark.parametrize("hours", [0.5, 1, 5, 5.75, 12, 23])
def test_time_zone_does_not_matter_to_a_whole_life(hours):
    account = make_account(history_complete=True, declared_language="en")
    posts = [
        {
            **post,
            "kind": ("original", "repost", "reply")[place % 3],
            "target_account_id": f"t/{place % 5}",
            "target_posted_at": START + timedelta(minutes=place),
            "language": "en" if place % 4 else "fr",
            "client": "web" if place < 40 else "phone",
            "text": f"word {place % 7} #a{place % 4}",
        }
        for place, post in enumerate(
            at(*range(0, 4_000, 100), *range(90_000, 94_000, 100))
        )
    ]

    check_clock(account, make_posts(named(posts)), hours)
    known = build(account, make_posts(named(posts)), [*LIFE, *CHANGE])
    assert known["change_hour_distance"][0] is not None
    assert known["life_reactivation_log"][0] is not None


@some
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=5), max_size=30))
def test_topic(texts: list[list[str]]):
    check_topic(texts)


@pytest.mark.parametrize("count", [151, 164])
def test_topic_where_a_minute_lies_across_a_half_or_the_latest_hundred(count):
    check_topic(
        [
            [WORDS[(n * n + place) % 9] for place in range(3 + n % 5)]
            for n in range(count)
        ]
    )


# Twins: each check gives alarm at a formula that breaks what it guards.

FOLLOWERS = pl.col("followers").cast(pl.Float64)
TWO = (
    make_accounts({"followers": 1}, {"followers": 9}),
    make_posts([{**p, "account_id": f"a/{i}"} for i in (0, 1) for p in at(1, 2, 3)]),
)
OF_POSTS = {"table": "posts", "family": "content"}


@pytest.mark.parametrize(
    "formula",
    [
        (FOLLOWERS - FOLLOWERS.mean()) / FOLLOWERS.std(),
        FOLLOWERS / FOLLOWERS.sum(),
        FOLLOWERS.rank(),
        pl.lit(1.0) * pl.len(),
    ],
)
def test_a_formula_over_the_batch_is_caught(formula):
    assert fails(lambda: check_singles(*TWO, [planted(formula)]))
    assert fails(lambda: check_strangers(*TWO, [planted(formula)]))


@pytest.mark.parametrize(
    "formula",
    [
        pl.col("handle").is_null(),
        pl.col("name").str.len_chars(),
        pl.col("followers") * pl.col("handle").str.len_chars(),
    ],
)
def test_a_formula_over_the_name_is_caught(formula):
    assert fails(lambda: check_rename(*TWO, [planted(formula)]))


@pytest.mark.parametrize(
    "formula", [pl.col("minute").max(), pl.col("posted_at").dt.year().min()]
)
def test_a_formula_over_the_date_is_caught(formula):
    assert fails(lambda: check_calendar(*TWO, [smuggled(formula, **OF_POSTS)]))


def test_a_formula_over_the_creation_is_caught():
    born = TWO[0].with_columns(created_at=pl.lit(AS_OF).dt.cast_time_unit("ms"))
    month = smuggled(pl.col("created_at").dt.year())

    assert fails(lambda: check_calendar(born, TWO[1], [month]))


def test_a_formula_over_a_language_is_caught():
    french = smuggled((pl.col("language") == "en").sum(), **OF_POSTS)
    spoken_in = TWO[1].with_columns(language=pl.lit("en"))

    assert fails(lambda: check_languages(TWO[0], spoken_in, [french]))


def test_a_formula_over_the_row_number_is_caught():
    numbered = planted(FOLLOWERS * 0 + pl.int_range(pl.len()))

    assert fails(lambda: check_order(*TWO, [numbered]))


def test_posts_that_count_would_be_noticed():
    one_more = pl.concat([TWO[1], make_posts(at(9, text="counted"))])
    counted = planted(pl.len(), **OF_POSTS)

    assert fails(
        lambda: check_same(build(*TWO, [counted]), build(TWO[0], one_more, [counted]))
    )


@pytest.mark.parametrize("bounds", [(2, None), (None, 8)])
def test_a_value_outside_its_range_is_caught(bounds):
    assert fails(lambda: check_bounds(*TWO, [planted(FOLLOWERS, range=bounds)]))


@pytest.mark.parametrize("formula", [(FOLLOWERS * 0).log(), FOLLOWERS * 0 / 0])
def test_infinity_becomes_null(formula):
    assert build(*TWO, [planted(formula)])["planted_value"].null_count() == 2


def test_a_change_of_the_minute_is_noticed():
    one_later = TWO[1].with_columns(pl.col("posted_at") + timedelta(minutes=1))
    minutes = smuggled(pl.col("minute").max() * 1.0, dtype=pl.Float32(), **OF_POSTS)
    fine = smuggled(pl.col("minute").max() % 60, **OF_POSTS)

    assert fails(
        lambda: check_same(build(*TWO, [fine]), build(TWO[0], one_later, [fine]))
    )
    check_seconds(*TWO, [minutes])


def test_a_formula_over_the_hour_is_caught():
    hour = smuggled((pl.col("minute") // 60 % 24).max(), **OF_POSTS)

    assert fails(lambda: check_clock(*TWO, 5, [hour]))
    assert fails(lambda: check_clock(*TWO, -0.5, [hour]))


def test_a_formula_over_calendar_days_is_caught():
    days = smuggled((pl.col("minute") // 1440).n_unique(), **OF_POSTS)

    assert fails(lambda: check_clock(make_account(), make_posts(at(0, 60)), 23, [days]))


@pytest.mark.parametrize(
    "formula",
    [
        pl.col("text").str.contains("vote").sum(),
        pl.col("text").str.contains("war").any().cast(pl.Int64),
        (pl.col("text") < "d").sum(),
    ],
)
def test_a_formula_over_words_is_caught(formula):
    read = smuggled(formula, **OF_POSTS)

    assert fails(lambda: check_topic([["vote", "#war"], ["rice"]], [read]))


# The rest of what build_features promises.


def test_values_come_in_the_order_of_accounts_and_features():
    accounts = make_accounts({"account_id": "z"}, {"account_id": "b"})

    built = build_features(accounts, None, None, FEATURES[:3])

    assert built["account_id"].to_list() == ["z", "b"]
    assert built.columns == ["account_id", *(f.name for f in FEATURES[:3])]


def test_frames_and_files_give_the_same(tmp_path):
    accounts, posts = make_account(bio="b"), make_posts(spoken(*["some words"] * 6))
    accounts.write_parquet(tmp_path / "accounts.parquet")
    posts.write_parquet(tmp_path / "posts.parquet")

    from_files = build_features(
        tmp_path / "accounts.parquet", tmp_path / "posts.parquet", None
    )

    check_same(from_files, build_features(accounts, posts, None))


def test_several_fitted_tables_at_once_give_what_each_gives():
    fitted = [f for f in FEATURES if f.tier == "F"]
    accounts = make_account(handle="abab")
    daily = at(*[1_440 * day for day in range(60)], client="web", text="my own words")
    posts = make_posts(named(daily))
    tables_of_all = [TABLE, Artefacts.fit(*prepare_fit(accounts, posts)), Artefacts({})]

    at_once = list(build_for_each(accounts, posts, tables_of_all, fitted))

    for found, one in zip(at_once, tables_of_all, strict=True):
        check_same(found, build_features(accounts, posts, one, fitted))
    assert None not in at_once[0].row(0)
    assert at_once[0].row(0) != at_once[1].row(0) != at_once[2].row(0)


def test_no_accounts_give_no_rows():
    assert build(make_accounts(), make_posts([])).shape == (0, len(FEATURES) + 1)


def test_no_table_of_posts_is_an_empty_one():
    check_same(
        build_features(make_account(), None, None),
        build_features(make_account(), make_posts([]), None),
    )


def test_an_account_that_stands_twice_is_refused():
    twice = make_accounts({"account_id": "a"}, {"account_id": "a"})

    with pytest.raises(InputError, match="stands more than once"):
        build_features(twice, None, None)


def test_minimum_and_full_history_hold_for_booleans_too():
    said = planted(
        pl.col("own").any(),
        dtype=pl.Boolean(),
        min_posts=2,
        full_history=True,
        reasons=("too_few_posts", "history_incomplete"),
        **OF_POSTS,
    )

    def value(count, complete):
        account = make_account(history_complete=complete, as_of=AS_OF)
        return build(account, make_posts(plain(count)), [said])["planted_value"][0]

    assert value(2, True) is True
    assert value(1, True) is None
    assert value(2, None) is None
