"""Values by hand, and what may not matter to them."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings

from features import equalise
from features.build import build_features, build_with_reasons
from features.coactivity import COACTIVITY
from features.companions import MOST_COMPANIONS
from features.errors import InputError, SchemaError
from features.feature import Feature
from features.population import Population
from features.traces import TRACES
from tests.features.builders import (
    AS_OF,
    START,
    Post,
    at,
    fails,
    make_account,
    make_accounts,
    make_posts,
    named,
)
from tests.features.crowds import (
    TEN,
    actions,
    by,
    everything,
    links,
    long_text,
    population,
    replies,
    reposts,
    tags,
    texts,
)
from tests.features.nasty import tables


def values(
    name: str,
    around: Population | None,
    posts: Sequence[Post] = (),
    account: dict[str, Any] | None = None,
) -> tuple[Any, Any]:
    """Value and reason of account a/0."""
    chosen = [f for f in COACTIVITY if f.name == name]
    built, reasons, _ = build_with_reasons(
        make_account(**(account or {})), make_posts(named(posts)), None, chosen, around
    )
    return built[name][0], reasons[name][0]


ELSEWHERE = reposts("b", "z", source="other")
QUIET = [{"account_id": "b", "text": "hello"}]
BORN = make_accounts(
    *({"account_id": f"b{n}", "created_at": START} for n in range(2)),
    *(
        {"account_id": f"c{n}", "created_at": START + timedelta(days=5)}
        for n in range(3)
    ),
    {"account_id": "d", "created_at": START + timedelta(days=16)},
)
HANDLES = BORN.with_columns(
    pl.Series("handle", ["ann22", "bob33", "cat44", "Doe55", "eve666", "fay77"])
)
REPORTS = [
    *(("a/0", "report", f"r{n}") for n in range(5)),
    ("b", "report", "r0"),
    ("c", "report", "r0"),
    ("d", "report", "r9"),
]
BLOCKS = [(who, "block", whom) for who, _, whom in REPORTS]
SPREAD = at(*range(0, 1_210, 121))

# Name, posts of the account, its profile, the population, value or reason.
CASES: list[tuple[str, list[Post], dict[str, Any], Population | None, float | str]] = [
    # Companions 2 and 1; a repost of s by another has (2*2 + 1 + 1) / 4 of them.
    (
        "coactivity_repost_ratio",
        reposts("a/0", *TEN),
        {},
        population(
            [
                *reposts("b", "x0"),
                *reposts("c", "x0"),
                *reposts("d", "x1"),
                *reposts("e", "y"),
            ]
        ),
        (3 + 1) / (10 * 6 / 4 + 1),
    ),
    ("coactivity_repost_ratio", reposts("a/0", *TEN), {}, population(ELSEWHERE), 1.0),
    (
        "coactivity_repost_ratio",
        reposts("a/0", "x0"),
        {},
        population(ELSEWHERE),
        "too_few_posts",
    ),
    ("coactivity_repost_ratio", [], {}, population(ELSEWHERE), "too_few_posts"),
    (
        "coactivity_repost_ratio",
        reposts("a/0", *TEN),
        {},
        population(QUIET),
        "undefined",
    ),
    (
        "coactivity_repost_ratio",
        [{"kind": "repost"} for _ in TEN],
        {},
        population(ELSEWHERE),
        "field_absent",
    ),
    # Two within the minute, two more within the hour, one too late.
    (
        "coactivity_fast_repost_ratio",
        reposts("a/0", *TEN),
        {},
        population(
            [
                post
                for place, late in enumerate((0, 1, 30, 60, 61))
                for post in reposts(f"b{place}", "x0", start=late)
            ]
        ),
        (2 + 1) / (0.050 + 1),
    ),
    (
        "coactivity_fast_repost_ratio",
        reposts("a/0", *TEN),
        {},
        population(ELSEWHERE),
        1.0,
    ),
    (
        "coactivity_reply_ratio",
        replies("a/0", *TEN[:5]),
        {},
        population([*replies("b", "x0"), *replies("c", "y")]),
        (1 + 1) / (5 * 2 / 2 + 1),
    ),
    # Shared with two: 1 / ln 4; to expect: (2 / ln 4 + 1 / ln 3) / 3 for each link.
    (
        "coactivity_link_ratio",
        links("a/0", *(f"https://www.n.org/{n}/#top" for n in range(5))),
        {},
        population(
            [
                *links("b", "http://n.org/0?utm_source=x"),
                *links("c", "https://n.org/0"),
                *links("d", "https://n.org/9"),
            ]
        ),
        (0.721 + 1) / (3.920 + 1),
    ),
    (
        "coactivity_tag_sequence_ratio",
        tags("a/0", *(f"#a #b{n}" for n in range(5))),
        {},
        population([*tags("b", "#A #B0"), *tags("c", "c d")]),
        (1 + 1) / (5 * 1 + 1),
    ),
    # The first 24 letters of one text; of the ten beginnings and ends, each would
    # meet one.
    (
        "coactivity_text_ratio",
        texts("a/0", *(long_text(n) for n in range(5))),
        {},
        population(texts("b", "A" * 24 + " @ann 1! " + "q" * 24)),
        (1 + 1) / (10 + 1),
    ),
    # One in the same minute, one an hour later, one of another client.
    (
        "coactivity_minute_ratio",
        SPREAD,
        {},
        population(by("b", at(0, 60)) + by("c", at(0, client="other"))),
        (1 + 1) / (1 / 4 + 1),
    ),
    # Two of the day, three of the fifteen days around.
    (
        "coactivity_creation_ratio",
        [],
        {"created_at": START},
        population(QUIET, BORN),
        (2 + 1) / (3 / 30 + 1),
    ),
    (
        "coactivity_creation_ratio",
        [],
        {"created_at": START},
        population(QUIET),
        "population_absent",
    ),
    ("coactivity_creation_ratio", [], {}, population(QUIET, BORN), "field_absent"),
    (
        "coactivity_creation_shape_ratio",
        [],
        {"created_at": START, "handle": "zoe11"},
        population(QUIET, HANDLES),
        (2 + 1) / (2 * 0.033 + 1),
    ),
    (
        "coactivity_creation_shape_ratio",
        [],
        {"handle": "zoe11"},
        population(QUIET, HANDLES),
        "field_absent",
    ),
    (
        "coactivity_creation_shape_ratio",
        [],
        {"created_at": START, "handle": "0123456789abcdef" * 4},
        population(QUIET, HANDLES),
        "field_hashed",
    ),
    # Reports of r0 by two; one of another's reports is shared by (2*2 + 1) / 3.
    (
        "coactivity_report_ratio",
        [],
        {},
        population(QUIET, acted=actions(*REPORTS)),
        (2 + 1) / (8.333 + 1),
    ),
    (
        "coactivity_report_ratio",
        [],
        {},
        population(QUIET, acted=actions(*REPORTS[4:])),
        "too_few_posts",
    ),
    (
        "coactivity_block_ratio",
        [],
        {},
        population(QUIET, acted=actions(*BLOCKS)),
        (2 + 1) / (8.333 + 1),
    ),
]


FIVE = TEN[:5]
PAGES = [f"https://n.org/{n}" for n in range(5)]
ROWS = [f"#a #b{n}" for n in range(5)]
SAID = [long_text(n) for n in range(5)]
CROWD = range(MOST_COMPANIONS + 10)
# Of posts: what is just enough, what others share nothing of, and what that gives; what
# more others share one thing of than are counted, and what that gives.
ENDS: list[tuple[str, list[Post], Population, float, Population, float]] = [
    (
        "coactivity_repost_ratio",
        reposts("a/0", *TEN),
        population(reposts("b", "z")),
        1 / (10 * 1 + 1),
        population([post for n in CROWD for post in reposts(f"b{n}", "x0")]),
        (50 + 1) / (10 * 50 + 1),
    ),
    (
        "coactivity_fast_repost_ratio",
        reposts("a/0", *TEN),
        population(reposts("b", "x0", start=61)),
        1.0,
        population([post for n in CROWD for post in reposts(f"b{n}", "x0")]),
        50 + 1,
    ),
    (
        "coactivity_reply_ratio",
        replies("a/0", *FIVE),
        population(replies("b", "z")),
        1 / (5 * 1 + 1),
        population([post for n in CROWD for post in replies(f"b{n}", "x0")]),
        (50 + 1) / (5 * 50 + 1),
    ),
    # Of another site; and 1 / ln 52 for what fifty others post.
    (
        "coactivity_link_ratio",
        links("a/0", *PAGES),
        population(links("b", "https://other.org/0")),
        1.0,
        population([post for n in CROWD for post in links(f"b{n}", PAGES[0])]),
        (0.253 + 1) / (5 * 0.253 + 1),
    ),
    (
        "coactivity_tag_sequence_ratio",
        tags("a/0", *ROWS),
        population(tags("b", "#y #z")),
        1.0,
        population([post for n in CROWD for post in tags(f"b{n}", ROWS[0])]),
        (50 + 1) / (5 * 50 + 1),
    ),
    # Both ends of each text.
    (
        "coactivity_text_ratio",
        texts("a/0", *SAID),
        population(texts("b", long_text(9))),
        1 / (10 * 1 + 1),
        population([post for n in CROWD for post in texts(f"b{n}", SAID[0])]),
        (2 * 50 + 1) / (10 * 50 + 1),
    ),
    (
        "coactivity_minute_ratio",
        SPREAD[:10],
        population(by("b", at(9_999))),
        1.0,
        population([post for n in CROWD for post in by(f"b{n}", at(0))]),
        50 + 1,
    ),
]
for name, enough, apart, lonely, crowded, most in ENDS:
    CASES += [
        (name, [], {}, apart, "too_few_posts"),
        (name, enough[:1], {}, crowded, "too_few_posts"),
        (name, enough[:-1], {}, crowded, "too_few_posts"),
        # What it is about is told of none of them.
        (
            name,
            [{"kind": enough[0].get("kind", "original")}] * 20,
            {},
            apart,
            "field_absent",
        ),
        (name, enough, {}, apart, lonely),
        (name, enough, {}, crowded, most),
    ]
# Nobody within fifteen days; a day on which many join.
JOINED = make_accounts(
    *({"account_id": f"b{n}", "created_at": START, "handle": f"bo{n}"} for n in CROWD)
).with_columns(handle=pl.lit("bob33"))
for name in ("coactivity_creation_ratio", "coactivity_creation_shape_ratio"):
    CASES += [
        (
            name,
            [],
            {
                "created_at": START + timedelta(days=days),
                "handle": "zoe11",
            },
            population(QUIET, JOINED),
            expected,
        )
        for days, expected in ((0, 50 + 1), (16, 1.0))
    ]
for kind in ("report", "block"):
    name, mine = f"coactivity_{kind}_ratio", [("a/0", kind, f"r{n}") for n in range(5)]
    others = [(f"b{n}", kind, "r0") for n in CROWD]
    CASES += [
        (name, [], {}, population(QUIET), "population_absent"),
        (name, [], {}, population(QUIET, acted=actions(*others)), "too_few_posts"),
        (
            name,
            [],
            {},
            population(QUIET, acted=actions(*mine[1:], *others)),
            "too_few_posts",
        ),
        (
            name,
            [],
            {},
            population(QUIET, acted=actions(*mine, ("b", kind, "r9"))),
            1 / (5 * 1 + 1),
        ),
        (
            name,
            [],
            {},
            population(QUIET, acted=actions(*mine, *others)),
            (50 + 1) / (5 * 50 + 1),
        ),
    ]


@pytest.mark.parametrize(("name", "posts", "account", "around", "expected"), CASES)
def test_by_hand(name, posts, account, around, expected):
    value, reason = values(name, around, posts, account)

    if isinstance(expected, str):
        assert (value, reason) == (None, expected)
    else:
        # Expectations are rounded down to a thousandth of a companion.
        assert value == pytest.approx(expected, rel=2e-3)
        assert reason is None


def tabled(cases: Sequence[tuple[Any, ...]]) -> set[str]:
    """Features with a missing value and three different known ones."""
    of: dict[str, list[Any]] = {}
    for case in cases:
        of.setdefault(case[0], []).append(case[-1])
    return {
        name
        for name, expected in of.items()
        if any(isinstance(value, str) for value in expected)
        and len({value for value in expected if not isinstance(value, str)}) > 2
    }


def test_every_feature_has_a_table_and_a_trace():
    assert tabled(CASES) == {f.name for f in COACTIVITY} == set(TRACES)
    # The twin: a table without its greatest value.
    fewer = [case for case in CASES if case[-1] != 50 + 1]
    assert set(TRACES) - tabled(fewer) == {
        "coactivity_fast_repost_ratio",
        "coactivity_minute_ratio",
        "coactivity_creation_ratio",
        "coactivity_creation_shape_ratio",
    }


@pytest.mark.parametrize("measure", COACTIVITY, ids=lambda f: f.name)
def test_without_a_population(measure: Feature):
    found = values(measure.name, None, reposts("a/0", *TEN), {"created_at": START})

    assert found == (None, "population_absent")


# A crowd: a star whose posts half of its fans repost, each of them at some time of the
# day; a ring that reposts the same five posts of many sources at once; and bystanders.
STARS = [f"star/{n}" for n in range(40)]
PUBLIC = [(f"press{n % 30}", f"press/{n}") for n in range(3_000)]


def crowd() -> tuple[pl.DataFrame, pl.DataFrame]:
    posts: list[Post] = []
    for fan in range(60):
        seen = [n for n in range(40) if (n * 7 + fan * 11 + n * fan) % 2]
        for n in seen:
            late = (fan * 37 + n * 61) % 600
            posts += reposts(
                f"fan{fan:02}", STARS[n], source="idol", start=n * 1440 + late
            )
    for member in range(12):
        for n in range(20):
            source, item = PUBLIC[n * 41]
            posts += reposts(f"ring{member:02}", item, source=source, start=n * 1440)
    for reader in range(80):
        for n in range(20):
            source, item = PUBLIC[(reader * 97 + n * 43) % 3_000]
            late = (reader * 53 + n * 17) % 900
            posts += reposts(
                f"reader{reader:02}", item, source=source, start=n * 1440 + late
            )
    accounts = sorted({post["account_id"] for post in posts})
    return make_accounts(*({"account_id": a} for a in accounts)), make_posts(
        named(posts)
    )


@pytest.fixture(scope="module")
def together() -> pl.DataFrame:
    accounts, posts = crowd()
    return build_features(
        accounts, posts, None, COACTIVITY, Population.of(posts, accounts)
    ).with_columns(pl.col("account_id").str.extract(r"^([a-z]+)").alias("role"))


def test_a_planted_ring_is_found(together: pl.DataFrame):
    least = (
        together.group_by("role")
        .agg(pl.selectors.numeric().min())
        .rows_by_key("role", named=True, unique=True)
    )

    assert least["ring"]["coactivity_repost_ratio"] > 2.5
    assert least["ring"]["coactivity_fast_repost_ratio"] > 50


def test_fans_of_one_idol_are_not_extreme(together: pl.DataFrame):
    most = (
        together.group_by("role")
        .agg(pl.selectors.numeric().max())
        .rows_by_key("role", named=True, unique=True)
    )

    assert 0.5 < most["fan"]["coactivity_repost_ratio"] < 1.5
    assert most["fan"]["coactivity_fast_repost_ratio"] < 5
    assert most["reader"]["coactivity_repost_ratio"] < 1.5


def shuffled(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sample(fraction=1, shuffle=True, seed=5)


def test_order_of_rows_changes_no_bit():
    accounts, posts, acted = everything()

    def built(tables: list[pl.DataFrame]) -> pl.DataFrame:
        around = Population.of(tables[1], tables[0], tables[2])
        return build_features(accounts, posts, None, COACTIVITY, around)

    found = built([accounts, posts, acted])
    assert built([shuffled(accounts), shuffled(posts), shuffled(acted)]).equals(found)
    # The twin: with one account less around, values are others.
    fewer = [t.filter(pl.col("account_id") != "a/7") for t in (accounts, posts, acted)]
    for measure in COACTIVITY:
        assert not built(fewer)[measure.name].equals(found[measure.name]), measure.name


def test_an_account_is_compared_alike_alone_and_in_a_batch():
    accounts, posts, acted = everything()
    around = Population.of(posts, accounts, acted)

    alone = [
        build_features(
            accounts[row],
            posts.filter(account_id=accounts["account_id"][row]),
            None,
            COACTIVITY,
            around,
        )
        for row in range(accounts.height)
    ]

    batch = build_features(accounts, posts, None, COACTIVITY, around)
    assert pl.concat(alone).equals(batch)
    assert batch.null_count().sum_horizontal().item() == 0


def test_an_account_is_not_its_own_companion():
    accounts, posts, acted = everything()
    me = accounts[2:3]
    mine = posts.filter(account_id="a/2")

    without = [t.filter(pl.col("account_id") != "a/2") for t in (accounts, posts)]

    found = [
        build_features(me, mine, None, COACTIVITY, Population.of(p, a, acted))
        for a, p in ((accounts, posts), (without[0], without[1]))
    ]
    assert found[0].equals(found[1])


def test_those_who_are_reported_get_no_value():
    rows = [
        *(("b", "report", f"r{n}") for n in range(9)),
        *((f"c{n}", "report", "a/0") for n in range(40)),
    ]
    reported = population(QUIET, acted=actions(*rows))
    unnoticed = population(QUIET, acted=actions(*rows[:9]))

    for around in (reported, unnoticed):
        assert values("coactivity_report_ratio", around) == (None, "too_few_posts")
    mine = [("a/0", "report", f"r{n}") for n in range(5)]
    # Nor does it move the value of one who reports too: these are others' reports.
    with_reports = [
        values(
            "coactivity_report_ratio",
            population(QUIET, acted=actions(*mine, *rows[:9])),
        ),
        values(
            "coactivity_report_ratio",
            population(
                QUIET,
                acted=actions(*mine, *rows[:9], ("c", "block", "a/0")),
            ),
        ),
    ]
    assert with_reports[0] == with_reports[1]
    assert with_reports[0][0] is not None


def test_what_everybody_shares_counts_as_the_cap_and_is_told():
    everyone = [
        post for n in range(MOST_COMPANIONS + 30) for post in tags(f"b{n}", "#all #now")
    ]
    few = [post for n in range(MOST_COMPANIONS) for post in tags(f"b{n}", "#all #now")]
    own = tags("a/0", "#all #now", *(f"#own #{n}" for n in range(4)))

    crowded, full = population(everyone), population(few)

    assert crowded.capped() == {"coactivity_tag_sequence_ratio": 1}
    assert full.capped() == {}
    observed = [
        around.around(
            equalise.accounts(make_account()),
            make_posts(named(own)),
            ["coactivity_tag_sequence_ratio"],
        )["coactivity_tag_sequence_ratio observed"][0]
        for around in (crowded, full)
    ]
    assert observed == [MOST_COMPANIONS * 1_000] * 2


@pytest.mark.parametrize("name", TRACES)
def test_the_cap_is_said_to_the_reviewer(name: str):
    [measure] = [f for f in COACTIVITY if f.name == name]

    assert f"more than {MOST_COMPANIONS} others" in measure.limitation


def test_no_pair_of_accounts_is_formed():
    everyone = [post for n in range(3_000) for post in tags(f"b{n}", "#all #now")]

    counted = population(everyone).counts["coactivity_tag_sequence_ratio"]

    assert (counted.events.height, counted.items.height) == (3_000, 1)


def test_posts_at_or_after_as_of_do_not_count():
    late = reposts("b", *TEN, start=500)
    early = reposts("c", *TEN)
    cut = Population.of(
        make_posts(named(late + early)), as_of=START + timedelta(minutes=500)
    )
    own_moment = Population.of(
        make_posts(named(late)),
        make_accounts({"account_id": "b", "as_of": START + timedelta(minutes=600)}),
    )

    assert cut.counts["coactivity_repost_ratio"].events.height == 5
    assert own_moment.counts["coactivity_repost_ratio"].events.height == 1


def test_posts_of_the_same_minute_after_as_of_do_not_count():
    second = timedelta(seconds=1)
    posts = make_posts([{"account_id": "b", "posted_at": START + 40 * second}])

    def counted(as_of):
        around = Population.of(posts, as_of=as_of)
        return around.counts["coactivity_minute_ratio"].events.height

    assert counted(START + 30 * second) == 0
    assert counted(START + timedelta(minutes=1)) == 1


def test_actions_at_or_after_the_own_moment_do_not_count():
    name = "coactivity_report_ratio"
    mine = [("a/0", "report", f"r{n}") for n in range(5)]
    early, late = (
        actions(*mine, ("b", "report", "r0")).with_columns(
            at=pl.lit(moment).dt.cast_time_unit("ms")
        )
        for moment in (AS_OF - timedelta(minutes=1), AS_OF)
    )
    known = make_accounts({"account_id": "b"})

    assert values(name, population(QUIET, acted=early))[0] is not None
    assert values(name, population(QUIET, acted=late)) == (None, "too_few_posts")
    alone = population(QUIET, known, late).counts[name].events
    both = population(QUIET, known, early).counts[name].events
    assert both.height - alone.height == 1


def test_a_population_without_posts_is_refused():
    with pytest.raises(InputError, match="no post in it"):
        Population.of(make_posts([]))


def test_a_population_with_a_count_of_reports_is_refused():
    told = make_accounts({}).with_columns(reports_received=pl.lit(3))

    with pytest.raises(SchemaError, match="reports_received"):
        Population.of(make_posts(QUIET), told)


def test_a_population_that_names_an_account_twice_is_refused():
    twice = make_accounts({"account_id": "b"}, {"account_id": "b"})

    with pytest.raises(InputError, match="more than once"):
        population(QUIET, twice)


def check_reasons(built: pl.DataFrame, reasons: pl.DataFrame) -> None:
    for measure in COACTIVITY:
        known = built[measure.name].drop_nulls()
        assert (known.is_finite() & (known >= 0)).all(), measure.name
        assert (
            reasons[measure.name].is_null().equals(built[measure.name].is_not_null())
        ), measure.name
        assert set(reasons[measure.name].drop_nulls()) <= set(measure.reasons)


@settings(max_examples=15, deadline=None, database=None)
@given(tables())
def test_whatever_the_tables_hold(both: tuple[pl.DataFrame, pl.DataFrame]):
    accounts, posts = both
    assume(not posts.is_empty())
    around = Population.of(posts, accounts)

    built, reasons, _ = build_with_reasons(accounts, posts, None, COACTIVITY, around)

    check_reasons(built, reasons)


def test_a_value_without_reason_or_sense_is_caught():
    accounts, posts, acted = everything()
    built, reasons, _ = build_with_reasons(
        accounts, posts, None, COACTIVITY, Population.of(posts, accounts, acted)
    )
    name = COACTIVITY[0].name

    check_reasons(built, reasons)
    for wrong in (None, -1.0, float("inf")):
        changed = built.with_columns(pl.lit(wrong, pl.Float32).alias(name))
        assert fails(partial(check_reasons, changed, reasons))
