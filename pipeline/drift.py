"""Drift: which features of accounts to be scored no longer look like those trained on."""

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from features import schema
from features.errors import InputError
from models.bundle import Bundle, load_bundle
from models.curves import read_by
from models.drift import SCORE, Drift, compare_with, worst
from models.scorer import score
from pipeline.canonical_posts import parts, posts_at
from pipeline.drift_profile import columns, load_profile
from pipeline.files import write_json
from pipeline.stage import run_stage, say

_POSTS_PER_PART: Final = 400_000
_LEAST: Final = 100


def drift_of(
    bundle: Bundle,
    frozen: dict[str, Any],
    accounts: pl.DataFrame,
    posts: pl.LazyFrame,
    prevalence: float,
) -> tuple[list[Drift], float]:
    """Drift of every feature and of the score, and the share that is abstained on.

    Args:
        bundle: the model.
        frozen: its profile.
        accounts: canonical, sorted by account_id.
        posts: canonical.
        prevalence: share of positives assumed among these accounts.
    """
    counts = posts.group_by("account_id").agg(pl.len().alias("n_posts")).collect()
    sized = accounts.select("account_id").join(
        counts, on="account_id", how="left", maintain_order="left"
    )
    built, logits, abstained = [], [], []
    for ids in parts(
        sized.with_columns(pl.col("n_posts").fill_null(0)), _POSTS_PER_PART
    ):
        inside = pl.col("account_id").is_between(pl.lit(ids[0]), pl.lit(ids[-1]))
        scores = score(bundle, accounts.filter(inside), posts.filter(inside).collect())
        explained = scores.explanation
        built.append(scores.values)
        logits.append(explained.logits - explained.prevalence_shift)
        abstained.append(scores.abstained != "")
    now = columns(pl.concat(built), np.concatenate(logits))
    share = float(np.concatenate(abstained).mean())
    return compare_with(frozen, now, prevalence), round(share, 6)


def _table(path: Path, name: str) -> pl.DataFrame:
    try:
        files = posts_at(path) if name == "posts" else [path]
        return schema.conform(pl.read_parquet(files), name)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0][:200]
        raise InputError(
            f"{path}: expected canonical {name}, Parquet, as ingest writes them ({reason})"
        ) from None


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True, help="bundle directory")
    parser.add_argument(
        "--accounts", type=Path, required=True, help="canonical, Parquet"
    )
    parser.add_argument(
        "--posts", type=Path, help="canonical, file or folder; may be missing"
    )
    parser.add_argument("--prevalence", type=float, help="share of positives assumed")
    parser.add_argument("--out", type=Path, help="JSON file of all figures")
    args = parser.parse_args()
    bundle = load_bundle(args.bundle)
    frozen = load_profile(args.bundle, bundle)
    accounts = _table(args.accounts, "accounts").sort("account_id")
    if accounts.height < _LEAST:
        raise InputError(
            f"{args.accounts}: {accounts.height} accounts; at least {_LEAST} are needed"
        )
    posts = _table(args.posts, "posts") if args.posts else schema.empty("posts")
    share = bundle.default_prevalence if args.prevalence is None else args.prevalence
    if not 0 < share < 1:
        raise InputError(f"--prevalence {share}: must lie between 0 and 1")
    found, abstained = drift_of(bundle, frozen, accounts, posts.lazy(), share)
    if args.out:
        rows = [vars(one) | {"level": one.level} for one in found]
        write_json(
            {"prevalence": share, "abstained": abstained, "drift": rows}, args.out
        )
    say(
        f"{accounts.height:,} accounts, {abstained:.1%} would not be scored: {worst(found)}"
    )
    read = {*read_by(bundle.booster), SCORE}
    for one in found:
        if one.level != "none" or one.name == SCORE:
            ks = "-" if one.ks is None else f"{one.ks:.3f}"
            say(
                f"{one.level:8} {one.name:36} PSI {one.psi:.3f} (by chance "
                f"{one.chance:.3f}), KS {ks}, missing {one.missing_before:.1%} then, "
                f"{one.missing:.1%} now"
                f"{'' if one.name in read else '; the model does not read it'}"
            )


if __name__ == "__main__":
    run_stage(main)
