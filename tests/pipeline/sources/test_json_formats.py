"""The traps of the formats that are JSON, each with what becomes of it."""

import gzip
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.errors import SourceError
from pipeline.sources.source import Tables
from pipeline.to_score import declare
from tests.pipeline.sources import as_json
from tests.pipeline.sources.archives import (
    CONTROLS,
    make_source,
    only_count,
    read,
    rules,
    write_csv,
)
from tests.pipeline.sources.as_json import (
    array,
    lines,
    v1_post,
    v1_user,
    v2_post,
    v2_user,
)
from tests.pipeline.sources.people import POSTED, Person, Post
from tests.pipeline.sources.published import COLUMN

ANN, BO = Person("11", "ann"), Person("22", "bo")
POLARITY = {"polarity": {"1": "positives", "0": "controls"}}


def read_json(
    tmp_path: Path, form: str, accounts: Any = None, posts: Any = None, **more: Any
) -> Tables:
    files = {}
    for kind, value in (("accounts", accounts), ("posts", posts)):
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value)
            (tmp_path / f"{kind}.json").write_text(text, encoding="utf-8")
            files[kind] = [f"{kind}.json"]
    return read(make_source(form, files, **more), tmp_path)


def only_post(tables: Tables) -> dict[str, Any]:
    assert tables.posts is not None
    (row,) = tables.posts.to_dicts()
    return row


# X API v1.1


def test_v1_ids_come_from_their_text_and_else_keep_every_digit(tmp_path: Path) -> None:
    whole = v1_user(ANN) | {"id": 9007199254740992, "id_str": "9007199254740993"}
    number_only = {k: v for k, v in v1_user(BO).items() if k != "id_str"}

    tables = read_json(
        tmp_path, "x_api_v1", [whole, number_only | {"id": 9007199254740995}]
    )

    found = sorted(tables.accounts["account_id"])
    assert found == ["9007199254740993", "9007199254740995"]


def test_v1_profiles_come_from_posts_where_no_file_lists_them(tmp_path: Path) -> None:
    early = v1_post(Post("1", ANN))
    late = v1_post(Post("2", ANN, at=POSTED.replace(year=2019)))
    late["user"] |= {"followers_count": 99}

    tables = read_json(tmp_path, "x_api_v1", posts={"statuses": [late, early]})

    assert tables.accounts["followers"].to_list() == [99]
    assert only_count(tables, "posts").read == 2


def test_v1_counts_of_a_repost_are_those_of_its_target(tmp_path: Path) -> None:
    post = v1_post(Post("1", ANN, kind="repost", target=BO, target_id="5", reposts=70))

    tables = read_json(tmp_path, "x_api_v1", posts=[post])

    assert only_post(tables)["reposts"] is None
    assert rules(tables, "nulled", "posts") == {"count_of_target": 1}


@pytest.mark.parametrize(
    ("source", "client", "happened"),
    [
        ('<a href="http://e.org" rel="nofollow">Web</a>', "Web", "client_anchor"),
        ("Web", "Web", None),
        ("", None, None),
        ('<a href="http://e.org', None, "client_unreadable"),
    ],
)
def test_client_stands_in_an_anchor(
    source: str, client: str | None, happened: str | None, tmp_path: Path
) -> None:
    tables = read_json(
        tmp_path, "x_api_v1", posts=[v1_post(Post("1", ANN)) | {"source": source}]
    )

    counted = rules(tables, "repaired", "posts") | rules(tables, "nulled", "posts")
    assert only_post(tables)["client"] == client
    assert list(counted) == ([happened] if happened else [])


def test_v1_whole_text_is_taken_where_there_is_one(tmp_path: Path) -> None:
    cut = {k: v for k, v in v1_post(Post("1", ANN)).items() if k != "full_text"}
    extended = {"full_text": "the whole text", "entities": {"hashtags": []}}

    tables = read_json(
        tmp_path,
        "x_api_v1",
        posts=[cut | {"text": "the wh…", "extended_tweet": extended}],
    )

    assert only_post(tables)["text"] == "the whole text"


# X API v2


def test_v2_people_who_are_only_mentioned_are_no_accounts(tmp_path: Path) -> None:
    page = {
        "data": [v2_post(Post("1", ANN))],
        "includes": {"users": [v2_user(ANN), v2_user(BO)]},
        "meta": {},
    }

    tables = read_json(tmp_path, "x_api_v2", posts=page)

    assert tables.accounts.select("account_id", "handle").rows() == [("11", "ann")]


def test_v2_target_comes_from_the_page_or_else_from_the_text(tmp_path: Path) -> None:
    repost = v2_post(Post("1", ANN, kind="repost", target=BO, target_id="5"))
    other = v2_post(Post("2", ANN, kind="repost", target=BO, target_id="6"))
    page = {
        "data": [repost, other],
        "includes": {"tweets": [{"id": "5", "author_id": "22"}]},
    }

    tables = read_json(tmp_path, "x_api_v2", posts=page)

    assert tables.posts is not None
    found = tables.posts.sort("post_id")["target_account_id"].to_list()
    assert found == ["22", "@bo"]


def test_v2_posts_may_carry_author_and_target_themselves(tmp_path: Path) -> None:
    post = v2_post(Post("1", ANN, kind="repost", target=BO, target_id="5"))
    flat = {
        **post,
        "author": v2_user(ANN),
        "referenced_tweets": [{"type": "retweeted", "id": "5", "author_id": "22"}],
    }

    tables = read_json(tmp_path, "x_api_v2", posts=[flat])

    assert only_post(tables)["target_account_id"] == "22"
    assert tables.accounts.select("account_id", "handle", "bio").rows() == [
        ("11", "ann", ANN.bio)
    ]


def test_v2_pages_count_each_post_and_a_page_of_none_counts_nothing(
    tmp_path: Path,
) -> None:
    pages = [
        {"data": [v2_post(Post("1", ANN)), "broken"], "meta": {}},
        {"meta": {"result_count": 0}},
        {"data": v2_post(Post("2", ANN))},
        {"errors": [{"title": "Not Found"}]},
    ]
    text = "\n".join(json.dumps(page) for page in pages)

    tables = read_json(tmp_path, "x_api_v2", posts=text)

    count = only_count(tables, "posts")
    assert (count.read, count.kept) == (4, 2)
    assert count.rejected == {"field_missing": 1, "not_an_object": 1}


def test_a_page_beyond_the_limit_is_refused_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.sources.elements.MAX_CHARACTERS", 500)
    page = {"data": [v2_post(Post(str(number), ANN)) for number in range(9)]}

    with pytest.raises(SourceError, match="one a line"):
        read_json(tmp_path, "x_api_v2", posts=page)


def test_v2_lists_left_out_are_not_known_and_those_of_none_empty(
    tmp_path: Path,
) -> None:
    with_none, without = v2_post(Post("1", ANN)), v2_post(Post("2", ANN))
    del without["entities"]

    tables = read_json(tmp_path, "x_api_v2", posts=[with_none, without])

    assert tables.posts is not None
    # Features read them from the text then, for requests too.
    assert tables.posts.sort("post_id")["hashtags"].to_list() == [[], None]


def test_v2_time_without_zone_rejects_its_row(tmp_path: Path) -> None:
    users = [v2_user(ANN), v2_user(BO) | {"created_at": "2020-01-01T00:00:00"}]

    tables = read_json(tmp_path, "x_api_v2", users)

    assert rules(tables, "rejected", "accounts") == {"time_without_zone": 1}


@pytest.mark.parametrize("form", ["x_api_v1", "x_api_v2", "mastodon", "bluesky"])
def test_a_web_page_is_refused(form: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"accounts\.json: a web page"):
        read_json(tmp_path, form, "<!DOCTYPE html><html></html>")


@pytest.mark.parametrize("form", ["x_api_v1", "x_api_v2", "mastodon", "bluesky"])
def test_formats_of_one_class_refuse_two(form: str, tmp_path: Path) -> None:
    getattr(as_json, form)(tmp_path, [ANN], [Post("1", ANN)])
    kind = {"mastodon": "accounts", "bluesky": "profiles"}.get(form, "users")
    source = make_source(form, {"accounts": [f"{kind}.json"]}, controls=CONTROLS)

    with pytest.raises(SourceError, match="declare one class and make the other null"):
        read(source, tmp_path)


@pytest.mark.parametrize("form", ["gz", "zip"])
def test_packed_json_reads_as_the_plain_one(form: str, tmp_path: Path) -> None:
    array(tmp_path / "users.json", [v1_user(ANN)])
    plain = (tmp_path / "users.json").read_bytes()
    name = f"users.json.{form}"
    if form == "gz":
        (tmp_path / name).write_bytes(gzip.compress(plain, mtime=0))
    else:
        with zipfile.ZipFile(tmp_path / name, "w") as packed:
            packed.write(tmp_path / "users.json", "users.json")

    found, wanted = (
        read(make_source("x_api_v1", {"accounts": [one]}), tmp_path).accounts
        for one in (name, "users.json")
    )

    assert found.drop("file").equals(wanted.drop("file"))


# Botometer repository


def read_botometer(tmp_path: Path, tsv: str, users: Any = None, **more: Any) -> Tables:
    probe = {"created_at": "Sat Jan 01 00:00:00 +0000 2022"}
    array(
        tmp_path / "one_tweets.json",
        users or [probe | {"user": v1_user(one)} for one in (ANN, BO)],
    )
    (tmp_path / "varol-2017.tsv").write_text(tsv)
    files = {"accounts": ["one_tweets.json"], "labels": ["varol-2017.tsv"]}
    given = {"controls": CONTROLS, "as_of": COLUMN} | more
    return read(make_source("botometer", files, **given), tmp_path)


def test_botometer_is_observed_at_its_probe(tmp_path: Path) -> None:
    tables = read_botometer(tmp_path, "11\tbot\n22\thuman\n")

    rows = tables.accounts.sort("account_id").to_dicts()
    assert [row["label"] for row in rows] == [1, 0]
    assert [row["group"] for row in rows] == ["varol_2017"] * 2
    assert rows[0]["as_of"] == datetime(2022, 1, 1, tzinfo=UTC)
    assert rows[0]["created_at"] == ANN.created_at
    assert tables.posts is None


def test_botometer_labels_and_profiles_without_each_other_are_rejected(
    tmp_path: Path,
) -> None:
    tables = read_botometer(tmp_path, "11\tbot\n33\tbot\n11\tbot\nno tab\n")

    assert tables.accounts["account_id"].to_list() == ["11"]
    assert rules(tables, "rejected", "accounts") == {"unlabelled": 1}
    assert rules(tables, "rejected", "labels") == {
        "duplicate_identical": 1,
        "field_count": 1,
        "no_profile": 1,
    }


def test_two_labels_of_one_id_are_both_rejected(tmp_path: Path) -> None:
    tables = read_botometer(tmp_path, "11\tbot\n11\thuman\n22\thuman\n")

    assert tables.accounts["account_id"].to_list() == ["22"]
    assert rules(tables, "rejected", "labels") == {"label_conflict": 2}


@pytest.mark.parametrize("tsv", ["11\t1\n22\t0\n", "11\tpolitical_Bot\n22\thuman\n"])
def test_a_label_without_declared_polarity_is_refused(tsv: str, tmp_path: Path) -> None:
    said = r"class is not declared \((0, 1|political_Bot)\); .*polarity"
    with pytest.raises(SourceError, match=said):
        read_botometer(tmp_path, tsv)


@pytest.mark.parametrize(
    ("polarity", "labels"),
    [
        ({"1": "positives", "0": "controls"}, [1, 0]),
        ({"1": "controls", "0": "positives"}, [0, 1]),
    ],
)
def test_numbers_mean_what_is_declared(
    polarity: dict[str, str], labels: list[int], tmp_path: Path
) -> None:
    tables = read_botometer(tmp_path, "11\t1\n22\t0\n", polarity=polarity)

    assert tables.accounts.sort("account_id")["label"].to_list() == labels


def test_labels_in_place_of_which_a_page_was_served_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="web page"):
        read_botometer(tmp_path, "<html>not found</html>")


def test_flat_objects_need_a_declared_zone(tmp_path: Path) -> None:
    flat = v1_user(ANN) | {
        "user_id": 11,
        "user_created_at": "Sun Mar 04 05:06:07 2012",
        "probe_timestamp": "Sat Jan 01 00:00:00 2022",
    }
    del flat["created_at"]

    tables = read_botometer(tmp_path, "11\tbot\n", [flat], zone="UTC")

    assert tables.accounts["created_at"].to_list() == [ANN.created_at]
    with pytest.raises(SourceError, match="declare `zone: UTC`"):
        read_botometer(tmp_path, "11\tbot\n", [flat])


# TwiBot-20 and TwiBot-22


def twibot(**overrides: Any) -> dict[str, Any]:
    profile = {key: f"{value} " for key, value in v1_user(ANN).items()}
    return {
        "ID": "11",
        "profile": profile,
        "tweet": ["one\n", "one\n", None],
        "neighbor": None,
        "domain": ["Politics"],
        "label": "1",
    } | overrides


def test_twibot20_values_lose_one_space_and_none_is_null(tmp_path: Path) -> None:
    element = twibot()
    element["profile"] |= {"name": "None ", "lang": "None ", "url": "None "}
    element["profile"] |= {"description": "ends with a space  "}

    tables = read_json(tmp_path, "twibot20", [element], controls=CONTROLS, **POLARITY)

    row = tables.accounts.to_dicts()[0]
    assert (row["name"], row["declared_language"], row["url"]) == ("None", None, None)
    assert row["bio"] == "ends with a space "
    assert row["created_at"] == ANN.created_at
    assert rules(tables, "nulled", "accounts") == {"word_for_nothing": 2}


def test_twibot20_posts_have_no_times_and_may_repeat(tmp_path: Path) -> None:
    tables = read_json(tmp_path, "twibot20", [twibot()], controls=CONTROLS, **POLARITY)

    assert tables.posts is not None
    assert tables.posts["text"].to_list() == ["one", "one"]
    assert tables.posts["posted_at"].null_count() == 2
    assert rules(tables, "rejected", "posts") == {"field_missing": 1}


def test_twibot20_null_profile_and_posts_are_not_known(tmp_path: Path) -> None:
    bare = twibot(profile=None, tweet=None)

    tables = read_json(tmp_path, "twibot20", [bare], controls=CONTROLS, **POLARITY)

    row = tables.accounts.to_dicts()[0]
    assert (row["handle"], row["followers"], row["bio"]) == (None, None, None)


def test_twibot20_labels_need_a_polarity_and_none_is_rejected(tmp_path: Path) -> None:
    unlabelled = {k: v for k, v in twibot(ID="12").items() if k != "label"}

    tables = read_json(
        tmp_path, "twibot20", [twibot(), unlabelled], controls=CONTROLS, **POLARITY
    )

    assert rules(tables, "rejected", "accounts") == {"unlabelled": 1}
    with pytest.raises(SourceError, match="class is not declared"):
        read_json(tmp_path, "twibot20", [twibot()], controls=CONTROLS)
    with pytest.raises(SourceError, match="no account has a label"):
        read_json(tmp_path, "twibot20", [unlabelled], controls=CONTROLS)


@pytest.mark.parametrize("rule", ["column", "last_post"])
def test_twibot20_moment_of_judging_must_be_declared(rule: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="as_of"):
        read_json(
            tmp_path,
            "twibot20",
            [twibot()],
            controls=CONTROLS,
            as_of={"rule": rule, "at": None},
            **POLARITY,
        )


@pytest.mark.public_data
def test_twibot20_published_sample(public_data: Path) -> None:
    files = {"accounts": ["twibot20_sample_unlabelled.json"]}

    tables = read(
        declare(files, "twibot20", datetime(2022, 1, 1, tzinfo=UTC)), public_data
    )

    assert tables.posts is not None
    assert (tables.accounts.height, tables.posts.height) == (100, 17_372)
    assert tables.rejected.is_empty()
    assert tables.accounts["created_at"].null_count() == 0
    assert tables.accounts["followers"].null_count() == 0
    assert tables.accounts["account_id"].n_unique() == 100
    with pytest.raises(SourceError, match="no account has a label"):
        read(make_source("twibot20", files), public_data)


def read_twibot22(tmp_path: Path, users: list[Any], posts: list[Any]) -> Tables:
    array(tmp_path / "user.json", users)
    array(tmp_path / "tweet_0.json", posts)
    labels = [{"id": "u22", "label": "human"}, {"id": "u11", "label": "bot"}]
    files = {
        "accounts": ["user.json"],
        "posts": ["tweet_*.json"],
        "labels": [write_csv(tmp_path / "label.csv", labels)],
    }
    return read(make_source("twibot22", files, controls=CONTROLS), tmp_path)


def test_twibot22_labels_are_joined_by_id(tmp_path: Path) -> None:
    tables = read_twibot22(
        tmp_path, [v2_user(ANN, "u"), v2_user(BO, "u")], [v2_post(Post("1", ANN), "t")]
    )

    rows = tables.accounts.select("account_id", "label").sort("account_id").rows()
    assert rows == [("11", 1), ("22", 0)]
    assert only_post(tables)["post_id"] == "1"


@pytest.mark.parametrize(("user", "post"), [("t", "t"), ("u", "u")])
def test_twibot22_ids_of_another_kind_are_refused(
    user: str, post: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="two kinds of ids are mixed"):
        read_twibot22(
            tmp_path,
            [v2_user(ANN, "u"), v2_user(BO, user)],
            [v2_post(Post("1", ANN), post)],
        )


def test_twibot22_id_without_its_prefix_is_rejected(tmp_path: Path) -> None:
    tables = read_twibot22(
        tmp_path, [v2_user(ANN, "u"), v2_user(BO)], [v2_post(Post("1", ANN), "t")]
    )

    assert rules(tables, "rejected", "accounts") == {"id_prefix": 1}


# Mastodon and Bluesky


def test_mastodon_texts_are_plain_and_whole(tmp_path: Path) -> None:
    as_json.mastodon(tmp_path, [ANN], [Post("1", ANN)])
    status = json.loads((tmp_path / "statuses.jsonl").read_text())
    status["content"] = (
        '<p>hi <span class="h-card"><a href="https://e.org/@bo">@<span>bo</span></a>'
        '</span> 1 &lt; 2 &amp;amp;</p><p>see <a href="https://e.org/long"><span '
        'class="invisible">https://</span><span class="ellipsis">e.org/lo</span><span '
        'class="invisible">ng</span></a><br/>end</p>'
    )

    row = only_post(read_json(tmp_path, "mastodon", posts=[status]))

    text = "hi @bo 1 < 2 &amp;\n\nsee https://e.org/long\nend"
    assert row["text"] == text


def test_what_looks_like_a_repost_or_reply_is_none_where_pointers_say_so(
    tmp_path: Path,
) -> None:
    as_json.mastodon(tmp_path, [ANN], [Post("1", ANN, body="RT @bo: hi")])
    as_json.bluesky(tmp_path, [ANN], [Post("1", ANN, body="@bo hi")])
    files = {"mastodon": "statuses.jsonl", "bluesky": "feed.json"}

    for form, name in files.items():
        tables = read(make_source(form, {"posts": [name]}), tmp_path)
        row = only_post(tables)
        assert (row["kind"], row["target_account_id"]) == ("original", None)


def bluesky_rows(tmp_path: Path, post: Post, **record: Any) -> list[dict[str, Any]]:
    as_json.bluesky(tmp_path, [ANN], [post])
    feed: list[dict[str, Any]] = json.loads((tmp_path / "feed.json").read_text())[
        "feed"
    ]
    feed[0]["post"]["record"] |= record
    return feed


def test_bluesky_time_after_indexing_is_not_believed(tmp_path: Path) -> None:
    feed = bluesky_rows(tmp_path, Post("1", ANN), createdAt="2031-01-01T00:00:00Z")

    tables = read_json(tmp_path, "bluesky", posts=feed)

    assert only_post(tables)["posted_at"] == POSTED
    assert rules(tables, "repaired", "posts") == {"time_after_indexing": 1}


def test_bluesky_reposts_belong_to_who_reposts(tmp_path: Path) -> None:
    feed = bluesky_rows(
        tmp_path, Post("1", ANN, kind="repost", target=BO, target_id="5")
    )
    del feed[0]["reason"]["uri"]

    row = only_post(read_json(tmp_path, "bluesky", posts={"feed": feed}))

    assert (row["account_id"], row["target_account_id"]) == ("did:plc:11", "did:plc:22")
    assert (row["post_id"], row["kind"], row["likes"]) == (None, "repost", None)
    assert row["target_post_id"] == "at://did:plc:22/app.bsky.feed.post/5"


def test_bluesky_embedded_list_is_no_quote(tmp_path: Path) -> None:
    uri = "at://did:plc:22/app.bsky.graph.list/5"
    feed = bluesky_rows(tmp_path, Post("1", ANN), embed={"record": {"uri": uri}})

    row = only_post(read_json(tmp_path, "bluesky", posts=feed))

    assert (row["kind"], row["target_post_id"]) == ("original", None)


def test_bluesky_short_profile_leaves_the_bio_unknown(tmp_path: Path) -> None:
    feed = bluesky_rows(tmp_path, Post("1", ANN))
    whole = {"did": "did:plc:22", "handle": "bo.example.org", "followersCount": 1}

    short, full = (
        read_json(tmp_path, "bluesky", accounts, posts).accounts.to_dicts()[0]
        for accounts, posts in ((None, feed), ([whole], None))
    )

    assert (short["bio"], short["followers"]) == (None, None)
    assert (full["bio"], full["default_image"]) == ("", True)


def test_bluesky_handle_that_leads_nowhere_is_not_known(tmp_path: Path) -> None:
    lost = {"did": "did:plc:22", "handle": "handle.invalid", "followersCount": 1}

    tables = read_json(tmp_path, "bluesky", [lost])

    account = tables.accounts.to_dicts()[0]
    assert (account["handle"], account["default_image"]) == (None, True)
    assert tables.counts[0].nulled == {"word_for_nothing": 1}


# Canonical lines


def test_canonical_json_and_csv_in_one_key_are_refused(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", [{"account_id": "1"}])
    write_csv(tmp_path / "b.csv", [{"account_id": "2"}])
    source = make_source("canonical", {"accounts": ["a.jsonl", "b.csv"]})

    with pytest.raises(SourceError, match="list one form"):
        read(source, tmp_path)


def test_canonical_lines_keep_null_and_empty_apart(tmp_path: Path) -> None:
    rows = [{"account_id": "1", "bio": "", "name": None}, {"account_id": 2}]

    tables = read_json(tmp_path, "canonical", rows)

    frame = tables.accounts.sort("account_id").select("account_id", "bio", "name")
    assert frame.rows() == [("1", "", None), ("2", None, None)]
    assert tables.accounts.schema["account_id"] == pl.String
