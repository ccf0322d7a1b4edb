"""What the features of the public archives cost: time a post, and memory."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import polars as pl
from pydantic import TypeAdapter

from pipeline.canonical_posts import FOLDER, scan_posts
from pipeline.ingest import ingest
from pipeline.post_files import spill, write_posts
from pipeline.section import read_params
from pipeline.sources.source import Source
from tests.benchmarks.row import Row, against

MOST: Final = 12.0
MOST_MIB: Final = 4096
# As params.yaml gives it.
ROWS_PER_BUCKET: Final = 250_000
# Copies of the posts of one account in so many: both sides have more than one part.
COPIES: Final = 10
SAMPLED: Final = 4


def feature_batch() -> list[Row]:
    """All post features and co-activity of the public posts, against a floor."""
    if _absent():
        return []
    with _public() as folder:
        posts = scan_posts(folder).select(pl.len()).collect().item()
        what = f"of {posts:,} public posts"
        rows = []
        for work, said in (
            ("post_features", f"all post features {what}"),
            ("coactivity", f"co-activity {what}, all accounts around each other"),
        ):
            # The floor before and after: what else a machine does changes in between.
            before, taken, after = (
                _child(each, folder) for each in ("floor", work, "floor")
            )
            versus = "scan, normalise, group_by with length and distinct count"
            rows += [
                against(
                    f"feature_{work}",
                    said,
                    taken["seconds"],
                    "s",
                    versus,
                    (before["seconds"] + after["seconds"]) / 2,
                    most=MOST,
                ),
                Row(
                    id=f"feature_{work}_memory",
                    what=f"{said}: most memory",
                    value=round(taken["mib"]),
                    unit="MiB",
                    bar=f"<= {MOST_MIB} MiB",
                    holds=taken["mib"] <= MOST_MIB,
                ),
            ]
        return rows


def feature_tenfold() -> list[Row]:
    """Posts of some accounts, and ten copies of them under new ids."""
    if _absent():
        return []
    with _public() as folder, tempfile.TemporaryDirectory() as name:
        once, tenfold = Path(name) / "once", Path(name) / "tenfold"
        accounts = pl.read_parquet(folder / "accounts.parquet").gather_every(SAMPLED)
        ids = accounts.lazy().select("account_id")
        posts = (
            scan_posts(folder)
            .join(ids, on="account_id", how="semi", maintain_order="left")
            .collect(engine="in-memory")
        )
        _write(accounts, posts, once, 1)
        _write(accounts, posts, tenfold, COPIES)
        one, ten = _child("post_features", once), _child("post_features", tenfold)
    what = f"all post features of {posts.height * COPIES:,} posts"
    versus = f"{posts.height:,} of them, each in ten copies there"
    return [
        against(
            "feature_tenfold",
            f"{what}, a post",
            1e6 * ten["seconds"] / (posts.height * COPIES),
            "us",
            versus,
            1e6 * one["seconds"] / posts.height,
            most=1.3,
        ),
        against(
            "feature_tenfold_memory",
            f"{what}: most memory",
            ten["mib"],
            "MiB",
            versus,
            one["mib"],
            most=1.2,
        ),
    ]


def _write(
    accounts: pl.DataFrame, posts: pl.DataFrame, folder: Path, copies: int
) -> None:
    """Copies of canonical tables, as ingest writes them."""
    folder.mkdir()
    owners, parts = [], []
    for copy in range(copies):
        prefix = pl.lit(f"copy{copy}/")
        new = (prefix + pl.col("account_id")).alias("account_id")
        owners.append(accounts.with_columns(new))
        theirs = posts.with_columns(new, post_id=prefix + pl.col("post_id"))
        parts.append(spill(theirs, folder / f"{copy}.arrow"))
    pl.concat(owners).write_parquet(folder / "accounts.parquet")
    write_posts(parts, folder / FOLDER, ROWS_PER_BUCKET)


def _child(work: str, folder: Path) -> dict[str, Any]:
    """Seconds and MiB of a work in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.feature_child", work, str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _absent() -> bool:
    """Whether there are no public archives, which is said."""
    absent = not Path(os.environ.get("PUBLIC_DATA", "none")).is_dir()
    if absent:
        print("skipped: set PUBLIC_DATA=<folder of the public archives> to run this")
    return absent


@contextmanager
def _public() -> Iterator[Path]:
    """Folder with the canonical tables of the public archives."""
    declared = read_params(Path("params.yaml"))["sources"]["public"]
    adapter: TypeAdapter[list[Source]] = TypeAdapter(list[Source])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ingest(
            adapter.validate_python(declared),
            Path(os.environ["PUBLIC_DATA"]),
            folder / "canonical",
            folder / "report.json",
        )
        yield folder / "canonical"
