"""Archives larger than memory: what is held does not grow with them."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

from tests.pipeline.sources.as_json import v1_post
from tests.pipeline.sources.people import Person, Post

POSTS = 4_000
TEXT = 7_000
ACCOUNTS = 1_000


def write(path: Path, posts: int) -> Path:
    """Lines of posts, each with a text of its own."""
    # Ids of its own for every line, put in the place of these.
    post, owner = "1" * 18, "2" * 7
    line = json.dumps(v1_post(Post(post, Person(owner, "ann"), body="<text>")))
    with gzip.open(path, "wt", compresslevel=1) as packed:
        for number in range(posts):
            text = f"{number * 7919 % 1_000_003} " * TEXT
            own = line.replace(post, str(10**17 + number))
            own = own.replace(owner, str(10**6 + number % ACCOUNTS))
            packed.write(own.replace("<text>", text[:TEXT]) + "\n")
    return path


def peak(root: Path, path: Path, mebibytes: int, posts: int) -> int:
    """Bytes held at most by a process that reads the file with such a budget."""
    command = ["-m", "tests.pipeline.peak_of_reading", str(path), str(mebibytes)]
    done = subprocess.run(
        [sys.executable, *command], cwd=root, capture_output=True, text=True, check=True
    )
    read, size = map(int, done.stdout.split())
    assert read == posts
    return size


def test_four_times_the_posts_take_no_more_memory(root: Path, tmp_path: Path) -> None:
    few = write(tmp_path / "few.jsonl.gz", POSTS)
    many = write(tmp_path / "many.jsonl.gz", 4 * POSTS)
    more = 3 * POSTS * TEXT

    before, after = peak(root, few, 4, POSTS), peak(root, many, 4, 4 * POSTS)

    assert after - before < more / 3
    # Twin: where nothing bounds it, more is held than their texts.
    assert peak(root, many, 10_000, 4 * POSTS) - before > more
