"""Featurize: feature values of every labelled account, and of the fitted ones per fold."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import Field

from features import equalise
from features.artefacts import Artefacts
from features.baselines import SGBOT_17, TEXT_6
from features.build import build_features
from features.catalogue import FEATURES
from features.coactivity import COACTIVITY
from features.feature import Feature
from features.population import Population
from features.totals import lineage
from models.training_sets import training_sets
from pipeline.files import atomic_directory, write_parquet
from pipeline.gaps import even_missingness
from pipeline.masking import apply_masks
from pipeline.section import Section, load_section
from pipeline.stage import run_stage, say, stage_parser, world_lock

_EXTRA = tuple(f for f in (*SGBOT_17, *TEXT_6) if f not in FEATURES)
STATIC = tuple(f for f in (*FEATURES, *_EXTRA) if f.tier != "F")
FITTED = tuple(f for f in FEATURES if f.tier == "F")


class FeaturizeParams(Section):
    """Section `featurize` of params.yaml."""

    posts_per_part: Annotated[int, Field(ge=1_000)]


def parts(counts: pl.DataFrame, most_posts: int) -> Iterator[list[str]]:
    """Account ids in order, in parts of about `most_posts` posts.

    Args:
        counts: account_id, n_posts; sorted by account_id.
        most_posts: memory is bounded by this and not by the archive.
    """
    part = (pl.col("n_posts").cum_sum() // most_posts).alias("part")
    for _, rows in counts.with_columns(part).group_by(["part"], maintain_order=True):
        yield rows["account_id"].to_list()


def build_static(
    canonical: Path, labelled: Path, most_posts: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Masked accounts, and values of every feature that needs no fitted table.

    The second has account_id, n_posts (after masking) and a column a feature.
    """
    masks = pl.read_parquet(labelled / "masks.parquet")
    accounts = pl.read_parquet(canonical / "accounts.parquet")
    posts = pl.scan_parquet(canonical / "posts.parquet")
    counts = (
        accounts.select("account_id")
        .join(masks.select("account_id"), on="account_id", maintain_order="left")
        .join(
            posts.group_by("account_id").agg(pl.len().alias("n_posts")).collect(),
            on="account_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("n_posts").fill_null(0))
    )
    tables, values, done = [], [], 0
    for ids in parts(counts, most_posts):
        inside = pl.col("account_id").is_between(pl.lit(ids[0]), pl.lit(ids[-1]))
        some_accounts, some_posts = apply_masks(
            accounts.filter(inside), posts.filter(inside).collect(), masks
        )
        built = build_features(some_accounts, some_posts, None, STATIC)
        known = some_posts.group_by("account_id").agg(pl.len().alias("n_posts"))
        built = built.join(known, on="account_id", how="left", maintain_order="left")
        tables.append(some_accounts)
        values.append(built.with_columns(pl.col("n_posts").fill_null(0)))
        done += len(ids)
        say(f"{done:,} of {counts.height:,} accounts")
    static = _drop_masked(pl.concat(values), masks)
    labels = pl.read_parquet(labelled / "labels.parquet")
    return pl.concat(tables), even_missingness(static, labels, STATIC)


def _drop_masked(values: pl.DataFrame, masks: pl.DataFrame) -> pl.DataFrame:
    """Values, null where a block lacks a posts column that the feature reads.

    Without it an account that never reposts would have the value 0 and one that does
    a gap: the column's absence would tell who reposts.
    """
    flags = masks.select("account_id", "masked_posts")
    joined = values.join(flags, on="account_id", how="left", maintain_order="left")
    return joined.with_columns(
        pl.when(
            ~pl.col("masked_posts").list.eval(pl.element().is_in(needed)).list.any()
        )
        .then(pl.col(f.name))
        .alias(f.name)
        for f in STATIC
        if (needed := sorted(_needed(f)))
    ).drop("masked_posts")


def _needed(feature: Feature) -> set[str]:
    if feature.table == "accounts":
        return set()
    return lineage(feature.inputs()) - set(equalise.FROM_TEXT) - {"kind", "account_id"}


def build_around(canonical: Path, labelled: Path) -> pl.DataFrame:
    """account_id and a column a co-activity feature, null where not measured.

    The population of an account is its own block, masked, both classes, without
    labels: a fold that leaves the block out has seen none of it, and what is held out
    is measured over the held-out collection (docs/decisions/0012-co-activity.md).
    """
    masks = pl.read_parquet(labelled / "masks.parquet")
    accounts = pl.read_parquet(canonical / "accounts.parquet")
    posts = pl.scan_parquet(canonical / "posts.parquet")
    values = []
    for (block,), members in masks.sort("account_id").group_by(
        ["block"], maintain_order=True
    ):
        ids = members.select("account_id")
        some_accounts, some_posts = apply_masks(
            accounts.join(ids, on="account_id", how="semi", maintain_order="left"),
            posts.join(ids.lazy(), on="account_id", how="semi").collect(),
            masks,
        )
        around = None
        if not some_posts.is_empty():
            around = Population.of(some_posts, some_accounts)
        values.append(
            build_features(some_accounts, some_posts, None, COACTIVITY, around)
        )
        say(f"{members.height:,} accounts around each other: {block}")
        for name, capped in around.capped().items() if around else ():
            say(f"  {name}: {capped:,} item(s) shared by more than are counted")
    return pl.concat(values)


def featurize(
    canonical: Path, labelled: Path, folds: Path, params: FeaturizeParams, out: Path
) -> None:
    """Write features, fitted, population (Parquet), artefacts/<training set>.json."""
    accounts, static = build_static(canonical, labelled, params.posts_per_part)
    with atomic_directory(out) as working:
        write_parquet(static, working / "features.parquet", ["account_id"])
        around = build_around(canonical, labelled)
        write_parquet(around, working / "population.parquet", ["account_id"])
        (working / "artefacts").mkdir()
        fitted = []
        labels = pl.read_parquet(labelled / "labels.parquet")
        equalised = equalise.accounts(accounts)
        for training in training_sets(pl.read_parquet(folds / "folds.parquet")):
            inside = pl.col("account_id").is_in(
                pl.Series(training.account_ids).implode()
            )
            artefacts = Artefacts.fit(equalised.filter(inside))
            path = working / "artefacts" / f"{training.key}.json"
            path.write_text(artefacts.to_json() + "\n", encoding="utf-8")
            values = build_features(accounts, None, artefacts, FITTED)
            values = values.hstack(static.select("n_posts"))
            values = even_missingness(values, labels, FITTED).drop("n_posts")
            fitted.append(
                values.with_columns(pl.lit(training.key).alias("training_set"))
            )
        write_parquet(
            pl.concat(fitted),
            working / "fitted.parquet",
            ["training_set", "account_id"],
        )
        say(f"{len(STATIC) + len(FITTED)} columns, {len(fitted)} training sets")


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument(
        "--canonical", type=Path, required=True, help="tables of ingest"
    )
    parser.add_argument("--labelled", type=Path, required=True, help="labels and masks")
    parser.add_argument("--folds", type=Path, required=True, help="folds of split")
    parser.add_argument("--out", type=Path, required=True, help="directory to write")
    args = parser.parse_args()
    params = load_section(args.params, "featurize", FeaturizeParams)
    with world_lock(args.world):
        featurize(args.canonical, args.labelled, args.folds, params, args.out)


if __name__ == "__main__":
    run_stage(main)
