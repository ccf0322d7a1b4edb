"""One piece of work over canonical tables, in a process of its own: time and memory."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl

from features.artefacts import Artefacts
from features.build import build_features, prepare_fit
from features.catalogue import FEATURES
from features.coactivity import COACTIVITY
from features.population import Population
from pipeline.canonical_posts import FOLDER, scan_posts, with_posts

# As params.yaml gives it.
POSTS_PER_PART: Final = 400_000
OF_POSTS: Final = tuple(f for f in FEATURES if f.table != "accounts")

# The floor: what our words are made of, once, and two numbers an account. Written out
# here, so that it stays when the measures change.
NORMALISED: Final = (
    pl.col("text")
    .str.replace_all(r"https?://\S+|@\w+", " ")
    .str.normalize("NFKC")
    .str.replace_all(r"\s+", " ")
    .str.strip_chars()
)


def floor(folder: Path) -> None:
    """Scan, normalise, and count."""
    scan_posts(folder).select("account_id", NORMALISED.alias("text")).group_by(
        "account_id"
    ).agg(pl.len(), pl.col("text").n_unique().alias("distinct")).collect()


def in_parts(
    folder: Path, work: Callable[[pl.DataFrame, pl.DataFrame], object]
) -> None:
    """Some accounts and their posts after one another, as featurize takes them."""
    accounts = pl.read_parquet(folder / "accounts.parquet")
    for some, posts in with_posts(accounts, folder / FOLDER, POSTS_PER_PART):
        work(some, posts)


def post_features(folder: Path) -> None:
    """Every feature that is made of posts, without co-activity.

    Tables are fitted on the first part, within the time: without them, features of
    tier F would be null at once.
    """
    fitted: list[Artefacts] = []

    def work(some: pl.DataFrame, posts: pl.DataFrame) -> None:
        if not fitted:
            fitted.append(Artefacts.fit(*prepare_fit(some, posts)))
        build_features(some, posts, fitted[0], OF_POSTS)

    in_parts(folder, work)


def coactivity(folder: Path) -> None:
    """Co-activity of everyone, all of them around each other."""
    around = Population.of(
        scan_posts(folder).collect(), pl.read_parquet(folder / "accounts.parquet")
    )
    in_parts(
        folder,
        lambda some, posts: build_features(some, posts, None, COACTIVITY, around),
    )


WORKS: Final = {work.__name__: work for work in (floor, post_features, coactivity)}


def main() -> None:
    """Print seconds and MiB of a work over a folder of canonical tables."""
    work, folder = WORKS[sys.argv[1]], Path(sys.argv[2])
    started = time.perf_counter()
    work(folder)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "mib": _peak_mib()}))


def _peak_mib() -> float:
    """Most memory of this process; getrusage would tell that of its parent, if more."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
