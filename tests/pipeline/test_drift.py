import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from features.errors import ArtefactError
from models.drift import SCORE
from pipeline.drift import drift_of
from pipeline.drift_profile import PROFILE, load_profile
from tests.pipeline.conftest import TinyWorld, put_posts


def tables(world: TinyWorld) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Accounts of both classes and their posts."""
    labels = world.table("labelled/labels").filter(pl.col("slice").is_null())
    ids = labels.select("account_id")
    accounts, posts = (
        world.table(f"canonical/{name}").join(ids, on="account_id", how="semi")
        for name in ("accounts", "posts")
    )
    return accounts.sort("account_id"), posts


def drifted(world: TinyWorld, accounts: pl.DataFrame, posts: pl.DataFrame) -> list[str]:
    """Names beyond the alarm, the most moved first, as in the mix trained on."""
    bundle = world.bundle
    frozen = load_profile(world.folder / "bundle", bundle)
    labels = world.table("labelled/labels").filter(pl.col("slice").is_null())
    share = float(labels["label"].to_numpy().mean())
    found, abstained = drift_of(bundle, frozen, accounts, posts.lazy(), share)
    # Of so small a world some states of evidence are judged by nobody.
    assert 0 <= abstained < 0.2
    assert found[-1].psi - found[-1].chance < 0.1
    assert SCORE in {one.name for one in found}
    return [one.name for one in found if one.level == "alarm"]


def test_a_shift_of_one_field_is_found_under_the_names_of_its_features(
    tiny_world: TinyWorld,
) -> None:
    accounts, posts = tables(tiny_world)
    before = drifted(tiny_world, accounts, posts)

    more = pl.col("bio") + " and so on, for very long" * 3
    longer = accounts.with_columns(
        pl.when(pl.col("bio") != "").then(more).otherwise("bio").alias("bio")
    )
    after = drifted(tiny_world, longer, posts)

    # Nothing changed; what masking took in training is here again.
    assert before == []
    assert after == ["profile_bio_length"]


def test_a_field_that_is_no_longer_given_is_found(tiny_world: TinyWorld) -> None:
    accounts, posts = tables(tiny_world)

    gone = posts.with_columns(pl.lit(None, pl.String).alias("client"))

    names = drifted(tiny_world, accounts, gone)
    assert "client_top_share" in names


def test_another_profile_is_refused(tiny_world: TinyWorld, tmp_path: Path) -> None:
    path = tmp_path / PROFILE

    with pytest.raises(ArtefactError, match="missing, or not that of this bundle"):
        load_profile(tmp_path, tiny_world.bundle)
    path.write_text((tiny_world.folder / "bundle" / PROFILE).read_text() + " ")
    with pytest.raises(ArtefactError, match="missing, or not that of this bundle"):
        load_profile(tmp_path, tiny_world.bundle)


def test_the_command_names_what_drifted(
    tiny_world: TinyWorld, tmp_path: Path, root: Path
) -> None:
    accounts, posts = tables(tiny_world)
    accounts.with_columns(pl.col("followers") * 50).write_parquet(
        tmp_path / "accounts.parquet"
    )
    put_posts(posts, tmp_path)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeline.drift", *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )

    bundle = ("--bundle", str(tiny_world.folder / "bundle"))
    out = tmp_path / "drift.json"
    done = run(
        *bundle,
        *("--accounts", str(tmp_path / "accounts.parquet")),
        *("--posts", str(tmp_path / "posts")),
        *("--prevalence", "0.4", "--out", str(out)),
    )
    bad = run(*bundle, "--accounts", str(root / "README.md"))

    assert done.returncode == 0, done.stderr
    assert "alarm    profile_followers_log" in done.stdout
    rows = json.loads(out.read_text())["drift"]
    levels = {row["name"]: row["level"] for row in rows}
    assert levels["profile_followers_log"] == "alarm"
    assert levels["days_posts_log"] == "none"
    assert bad.returncode == 1
    assert "expected canonical accounts, Parquet" in bad.stderr
    assert "Traceback" not in bad.stderr
