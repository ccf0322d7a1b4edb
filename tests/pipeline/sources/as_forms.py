"""Other forms in which some formats are published: packed, in folders, as text."""

import gzip
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.pipeline.sources import as_json, as_tables
from tests.pipeline.sources.as_tables import api_user, cresci_post, write
from tests.pipeline.sources.people import Person, Post
from tests.pipeline.sources.published import PUBLISHED, Write

CAVERLEE_TIME = "%Y-%m-%d %H:%M:%S"


def caverlee_text(folder: Path, people: list[Person], posts: list[Post]) -> None:
    """Tables of tabs without a header; posts in two files, one a class."""
    for label, users, tweets in (
        (1, "content_polluters", "content_polluters_tweets"),
        (0, "legitimate_users", "legitimate_users_tweets"),
    ):
        rows = [
            "\t".join(
                [
                    one.id,
                    f"{one.created_at:{CAVERLEE_TIME}}",
                    "2022-01-01 00:00:00",
                    *(str(one.following), str(one.followers), str(one.posts_total)),
                    *(str(len(one.handle)), str(len(one.bio))),
                ]
            )
            for one in people
            if one.label == label
        ]
        _lines(folder / f"{users}.txt", rows)
        rows = [
            "\t".join(
                [one.owner.id, one.id, one.id, f"{one.at:{CAVERLEE_TIME}}"],
            )
            for one in posts
            if one.owner.label == label
        ]
        _lines(folder / f"{tweets}.txt", rows)


def _lines(path: Path, rows: list[str]) -> None:
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def cresci2015_folders(folder: Path, people: list[Person], posts: list[Post]) -> None:
    """A folder a group, as its zip unpacks."""
    for label, group in ((0, "TFP.csv"), (1, "FSF.csv")):
        rows = [api_user(one) for one in people if one.label == label]
        write(folder / group / "users.csv", rows)
        own = [cresci_post(one, group) for one in posts if one.owner.label == label]
        write(folder / group / "tweets.csv", own)


def zipped(write_files: Write, name: str) -> Write:
    """All files of a form in one zip."""

    def write_zip(folder: Path, people: list[Person], posts: list[Post]) -> None:
        inside = folder / "inside"
        inside.mkdir()
        write_files(inside, people, posts)
        with zipfile.ZipFile(folder / name, "w") as packed:
            for path in sorted(inside.rglob("*")):
                if path.is_file():
                    packed.write(path, path.relative_to(inside).as_posix())
        shutil.rmtree(inside)

    return write_zip


def each(write_files: Write, pack: Callable[[Path], None]) -> Write:
    """Each file of a form packed by itself."""

    def write_packed(folder: Path, people: list[Person], posts: list[Post]) -> None:
        write_files(folder, people, posts)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in (".json", ".jsonl"):
                pack(path)
                path.unlink()

    return write_packed


def _in_gzip(path: Path) -> None:
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))


def _in_zip(path: Path) -> None:
    with zipfile.ZipFile(f"{path}.zip", "w") as packed:
        packed.write(path, path.name)


def pan_table(folder: Path, people: list[Person], posts: list[Post]) -> None:
    """One table of posts, as a republication has it."""
    rows = [
        {
            "author_id": post.owner.id,
            "label": "bot" if post.owner.label else "human",
            "idx": post.id,
            "text": post.text,
        }
        for post in posts
    ]
    write(folder / "pan19_posts.csv", rows)


FORMS = {
    name: replace(PUBLISHED[name.split("-")[0]], write=write_files)
    for name, write_files in {
        "bluesky-zip": each(as_json.bluesky, _in_zip),
        "botometer-zip": zipped(as_json.botometer, "botometer.zip"),
        "canonical-gz": each(as_json.canonical_lines, _in_gzip),
        "caverlee2011-text": caverlee_text,
        "cresci2015-folders": cresci2015_folders,
        "cresci2015-zip": zipped(cresci2015_folders, "cresci.zip"),
        "mastodon-gz": each(as_json.mastodon, _in_gzip),
        "pan2019-table": pan_table,
        "pan2019-zip": zipped(as_tables.pan2019, "training.zip"),
        "twibot20-zip": zipped(as_json.twibot20, "set.json.zip"),
        "twibot22-gz": each(as_json.twibot22, _in_gzip),
        "x_api_v1-gz": each(as_json.x_api_v1, _in_gzip),
        "x_api_v1-zip": each(as_json.x_api_v1, _in_zip),
    }.items()
}
