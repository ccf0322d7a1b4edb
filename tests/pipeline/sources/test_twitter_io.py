import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from features import equalise
from pipeline.errors import SourceError
from pipeline.sources.source import Tables
from tests.pipeline.sources.archives import (
    CONTROLS,
    make_source,
    only_count,
    read,
    rules,
    write_csv,
)

HASH = "kq3V6dXppwrPrVwjEEtT74Ny7k0VikIGbe6HdWs="


def user(**overrides: Any) -> dict[str, Any]:
    return {
        "userid": "11",
        "user_display_name": "A",
        "user_screen_name": "a",
        "user_reported_location": "",
        "user_profile_description": "line\nbreak",
        "user_profile_url": "",
        "follower_count": "3",
        "following_count": "0.0",
        "account_creation_date": "2017-10-16",
        "account_language": "zh-CN",
    } | overrides


def post(**overrides: Any) -> dict[str, Any]:
    return (
        {"tweetid": "1"}
        | user()
        | {
            "tweet_language": "und",
            "tweet_text": "words",
            "tweet_time": "2018-03-04 05:06",
            "tweet_client_name": "Web",
            "in_reply_to_userid": "",
            "in_reply_to_tweetid": "",
            "quoted_tweet_tweetid": "",
            "is_retweet": "False",
            "retweet_userid": "",
            "retweet_tweetid": "",
            "latitude": "absent",
            "longitude": "absent",
            "quote_count": "0",
            "reply_count": "",
            "like_count": "2.0",
            "retweet_count": "0",
            "hashtags": "['x']",
            "urls": "[]",
            "user_mentions": "",
        }
        | overrides
    )


def read_posts(tmp_path: Path, *posts: dict[str, Any]) -> Tables:
    name = write_csv(tmp_path / "t.csv", list(posts))
    return read(make_source("twitter_io", {"posts": [name]}), tmp_path)


def test_users_file_becomes_accounts(tmp_path: Path) -> None:
    rows = [user(), user(userid=HASH, user_display_name=HASH, user_screen_name=HASH)]
    name = write_csv(tmp_path / "u.csv", rows)

    tables = read(make_source("twitter_io", {"accounts": [name]}), tmp_path)

    account = tables.accounts.row(0, named=True)
    assert account["account_id"] == "11"
    assert (account["bio"], account["url"], account["listed"]) == (
        "line\nbreak",
        "",
        None,
    )
    assert (account["followers"], account["following"]) == (3, 0)
    assert account["created_at"] == datetime(2017, 10, 16, tzinfo=UTC)
    assert account["declared_language"] == "zh-cn"
    assert tables.accounts["row"].to_list() == [2, 4]
    assert tables.accounts["handle"].to_list() == ["a", HASH]
    assert tables.posts is None


def test_camel_case_and_shuffled_columns_change_nothing(tmp_path: Path) -> None:
    rows = [user()]
    write_csv(tmp_path / "u.csv", rows)
    camel = {"follower_count": "followerCount", "account_language": "accountLanguage"}
    write_csv(
        tmp_path / "v.csv",
        [{camel.get(key, key): row[key] for key in reversed(row)} for row in rows],
    )

    first, second = (
        read(make_source("twitter_io", {"accounts": [name]}), tmp_path)
        for name in ("u.csv", "v.csv")
    )

    assert first.accounts.drop("file").equals(second.accounts.drop("file"))


@pytest.mark.parametrize(
    ("overrides", "kind", "target", "target_post"),
    [
        ({}, "original", None, None),
        ({"is_retweet": "true", "retweet_userid": "9"}, "repost", "9", None),
        ({"tweet_text": "RT @Bob: hi"}, "repost", "@bob", None),
        (
            {"tweet_text": "RT @Bob: hi", "retweet_tweetid": "1.2E+18"},
            "repost",
            "@bob",
            None,
        ),
        ({"quoted_tweet_tweetid": "77"}, "quote", None, "77"),
        ({"quoted_tweet_tweetid": "7.7e+17"}, "quote", None, None),
        ({"in_reply_to_userid": "98336677.0"}, "reply", "98336677", None),
        ({"in_reply_to_tweetid": "5.1e+17"}, "reply", None, None),
        ({"tweet_text": "@Bob hi"}, "reply", "@bob", None),
    ],
)
def test_kind_and_target(
    tmp_path: Path,
    overrides: dict[str, str],
    kind: str,
    target: str | None,
    target_post: str | None,
) -> None:
    tables = read_posts(tmp_path, post(**overrides))

    assert tables.posts is not None
    row = tables.posts.row(0, named=True)
    assert (row["kind"], row["target_account_id"], row["target_post_id"]) == (
        kind,
        target,
        target_post,
    )


def test_post_values(tmp_path: Path) -> None:
    tables = read_posts(tmp_path, post())

    assert tables.posts is not None
    row = tables.posts.row(0, named=True)
    assert row["posted_at"] == datetime(2018, 3, 4, 5, 6, tzinfo=UTC)
    assert (row["likes"], row["replies"], row["language"]) == (2, None, None)
    assert (row["hashtags"], row["links"], row["mentions"]) == (["x"], [], [])
    assert rules(tables, "nulled", "posts") == {"language_undefined": 1}
    assert rules(tables, "repaired", "posts") == {"count_float": 1}


def test_accounts_are_derived_from_the_newest_post(tmp_path: Path) -> None:
    old = post(tweetid="1", follower_count="1")
    new = post(tweetid="2", follower_count="8", tweet_time="2019-01-01 00:00")

    tables = read_posts(tmp_path, new, old)

    assert tables.accounts["followers"].to_list() == [8]
    assert only_count(tables, "accounts").read == 1


def test_users_file_comes_before_the_profile_of_posts(tmp_path: Path) -> None:
    users = write_csv(tmp_path / "u.csv", [user(follower_count="100")])
    posts = write_csv(tmp_path / "t.csv", [post(), post(tweetid="2", userid="12")])
    source = make_source("twitter_io", {"accounts": [users], "posts": [posts]})

    tables = read(source, tmp_path)

    assert dict(tables.accounts.select("account_id", "followers").iter_rows()) == {
        "11": 100,
        "12": 3,
    }


def test_a_users_file_that_says_other_than_the_posts_is_counted(tmp_path: Path) -> None:
    users = [
        user(follower_count="100"),
        user(userid="12", account_language="zh-cn", following_count="0"),
        user(userid="13", user_display_name="other"),
        user(userid="14", user_display_name="other"),
    ]
    posts = [
        post(),
        post(tweetid="2", userid="12"),
        # Of one account the old posts alone show another profile.
        post(tweetid="3", userid="13"),
        post(tweetid="4", userid="13", user_display_name="other")
        | {"tweet_time": "2019-01-01 00:00"},
        post(tweetid="5", userid="14"),
    ]
    files = {
        "accounts": [write_csv(tmp_path / "u.csv", users)],
        "posts": [write_csv(tmp_path / "t.csv", posts)],
    }

    tables = read(make_source("twitter_io", files), tmp_path)

    assert rules(tables, "repaired", "accounts")["profile_differs"] == 2
    kept = dict(tables.accounts.select("account_id", "followers").iter_rows())
    assert kept["11"] == 100


def test_a_column_that_posts_lack_is_not_compared(tmp_path: Path) -> None:
    bare = post()
    del bare["user_profile_url"]
    write_csv(tmp_path / "t_1.csv", [post(follower_count="3.0")])
    write_csv(tmp_path / "t_2.csv", [bare])
    files = {
        "accounts": [write_csv(tmp_path / "u.csv", [user(user_profile_url="x.org")])],
        "posts": ["t_2.csv"],
    }

    missing = read(make_source("twitter_io", files), tmp_path)
    files["posts"] = ["t_1.csv"]
    different = read(make_source("twitter_io", files), tmp_path)

    assert "profile_differs" not in rules(missing, "repaired", "accounts")
    assert rules(different, "repaired", "accounts")["profile_differs"] == 1


def test_parts_of_30_and_31_columns_are_read_together(tmp_path: Path) -> None:
    write_csv(tmp_path / "t_1.csv", [post()])
    write_csv(tmp_path / "t_2.csv", [post(tweetid="2") | {"poll_choices": ""}])

    tables = read(make_source("twitter_io", {"posts": ["t_*.csv"]}), tmp_path)

    assert tables.posts is not None
    assert tables.posts["post_id"].to_list() == ["1", "2"]
    assert len(tables.counts) == 4 - 1


# The users of one release of 2021 have camelCase names throughout.
CAMEL = {
    "user_display_name": "userDisplayName",
    "user_screen_name": "userScreenName",
    "user_reported_location": "userReportedLocation",
    "user_profile_description": "userProfileDescription",
    "user_profile_url": "userProfileUrl",
    "follower_count": "followerCount",
    "following_count": "followingCount",
    "account_creation_date": "accountCreationDate",
    "account_language": "accountLanguage",
}
# 64 hex characters in 2018; base64 without `/` from 2019, of any length up to 44.
HASHES = ["0a" * 32, HASH, "xY0+" * 10 + "abc=", "xY0+" * 9 + "ab="]


def test_users_of_every_release_read_alike(tmp_path: Path) -> None:
    row = user()
    forms = {
        "plain.csv": row,
        "shuffled.csv": {key: row[key] for key in sorted(row, reverse=True)},
        "camel.csv": {CAMEL.get(key, key): value for key, value in row.items()},
    }
    read_as = {}
    for name, form in forms.items():
        write_csv(tmp_path / name, [form])
        source = make_source("twitter_io", {"accounts": [name]})
        read_as[name] = read(source, tmp_path).accounts.drop("file").to_dicts()

    assert read_as["camel.csv"] == read_as["shuffled.csv"] == read_as["plain.csv"]


@pytest.mark.parametrize("hashed", HASHES)
def test_every_form_of_hash_is_a_key_and_no_name(hashed: str, tmp_path: Path) -> None:
    row = post(userid=hashed, user_screen_name=hashed, user_display_name=hashed)

    tables = read_posts(tmp_path, row | {"user_mentions": f"[{hashed}]"})

    assert tables.posts is not None
    account = equalise.accounts(tables.accounts).to_dicts()[0]
    assert (account["account_id"], account["handle"], account["name"]) == (
        hashed,
        None,
        None,
    )
    # The same hash stands where the account is mentioned.
    assert tables.posts["mentions"].to_list() == [[hashed]]


@pytest.mark.parametrize(
    ("cells", "lists"),
    [
        (
            ("[a, b]", "[http://x]", "[2572896396]"),
            (["a", "b"], ["http://x"], ["2572896396"]),
        ),
        (("['a', 'b']", "['http://x']", "['11']"), (["a", "b"], ["http://x"], ["11"])),
        (("[]", "", "[]"), ([], [], [])),
    ],
)
def test_lists_of_every_release(
    cells: tuple[str, ...], lists: tuple[list[str], ...], tmp_path: Path
) -> None:
    names = ("hashtags", "urls", "user_mentions")

    tables = read_posts(tmp_path, post(**dict(zip(names, cells, strict=True))))

    assert tables.posts is not None
    assert tables.posts.select("hashtags", "links", "mentions").rows() == [lists]


def test_yearly_and_numbered_parts_are_one_archive_and_each_is_counted(
    tmp_path: Path,
) -> None:
    parts = ("CN_0621_tweets_csv_hashed_2020", "CN_0621_tweets_csv_hashed_2021_1")
    for number, part in enumerate(parts):
        name = write_csv(tmp_path / f"{part}.csv", [post(tweetid=str(number))])
        with zipfile.ZipFile(tmp_path / f"{part}.zip", "w") as packed:
            packed.write(tmp_path / name, name)
        (tmp_path / name).unlink()
    files = {"posts": ["CN_0621_tweets_csv_hashed_*.zip"]}

    tables = read(make_source("twitter_io", files), tmp_path)

    assert tables.posts is not None
    assert tables.posts["post_id"].to_list() == ["0", "1"]
    counts = [one for one in tables.counts if one.table == "posts"]
    assert [(one.file, one.read) for one in counts] == [(f"{p}.zip", 1) for p in parts]


@pytest.mark.parametrize("word", ["true", "True"])
def test_reposts_of_2018_and_later(word: str, tmp_path: Path) -> None:
    tables = read_posts(tmp_path, post(is_retweet=word))

    assert tables.posts is not None
    assert tables.posts["kind"].to_list() == ["repost"]


def test_order_of_the_replys_columns_in_2018_changes_nothing(tmp_path: Path) -> None:
    row = post(in_reply_to_userid="7", in_reply_to_tweetid="8")
    older = {key: row[key] for key in sorted(row)}

    newer, found = (read_posts(tmp_path, form).posts for form in (row, older))

    assert newer is not None
    assert found is not None
    assert newer.equals(found)
    assert found.select("target_account_id", "target_post_id").row(0) == ("7", "8")


def test_lost_digits_never_point_anywhere(tmp_path: Path) -> None:
    mangled = post(
        in_reply_to_userid="9.83e+17",
        in_reply_to_tweetid="9.341434052438916e+17",
        retweet_userid="9007199254740993.0",
    )

    tables = read_posts(tmp_path, mangled)

    assert tables.posts is not None
    row = tables.posts.row(0, named=True)
    assert (row["kind"], row["target_account_id"], row["target_post_id"]) == (
        "reply",
        None,
        None,
    )
    assert rules(tables, "nulled", "posts")["id_precision_lost"] == 3


def test_a_spreadsheets_copy_needs_the_order_of_its_dates(tmp_path: Path) -> None:
    rows = [
        post(tweet_time="3/4/2018 5:06", account_creation_date="10/16/2017"),
        post(tweetid="1.01421E+18", tweet_time="3/4/2018 5:06"),
        post(tweetid="3", tweet_time="13/4/2018 5:06"),
    ]
    files = {"posts": [write_csv(tmp_path / "t.csv", rows)]}

    tables = read(make_source("twitter_io", files, date_order="month_first"), tmp_path)

    assert tables.posts is not None
    assert tables.posts["posted_at"].to_list() == [
        datetime(2018, 3, 4, 5, 6, tzinfo=UTC)
    ]
    assert rules(tables, "rejected", "posts") == {
        "date_impossible": 1,
        "id_destroyed": 1,
    }
    with pytest.raises(SourceError, match="date_order"):
        read(make_source("twitter_io", files), tmp_path)


def test_missing_column_names_file_column_and_remedy(tmp_path: Path) -> None:
    row = user()
    row["user_screen_nam"] = row.pop("user_screen_name")
    name = write_csv(tmp_path / "u.csv", [row])

    with pytest.raises(
        SourceError,
        match=r"u\.csv: required column user_screen_name .*did you mean user_screen_nam\?",
    ):
        read(make_source("twitter_io", {"accounts": [name]}), tmp_path)


def test_two_declared_classes_are_refused(tmp_path: Path) -> None:
    name = write_csv(tmp_path / "u.csv", [user()])

    with pytest.raises(SourceError, match="declare one class and make the other null"):
        read(
            make_source("twitter_io", {"accounts": [name]}, controls=CONTROLS), tmp_path
        )


@pytest.mark.public_data
def test_published_sample(public_data: Path) -> None:
    files = {"posts": ["twitter_io_format_sample/RNA_0621_*.csv"]}
    last_post = {"rule": "last_post", "at": None}

    tables = read(make_source("twitter_io", files, as_of=last_post), public_data)

    assert tables.posts is not None
    assert (tables.accounts.height, tables.posts.height) == (4, 36)
    assert tables.rejected.is_empty()
