"""Featurize: feature values of every labelled account, and of the fitted ones per fold."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import Field

from features import equalise
from features.artefacts import Artefacts
from features.baselines import SGBOT_17, TEXT_6
from features.build import build_features, build_for_each, prepare_fit
from features.catalogue import FEATURES
from features.coactivity import COACTIVITY
from features.feature import Feature
from features.population import Population
from features.totals import lineage
from models.training_sets import TrainingSet, training_sets
from pipeline.canonical_posts import FOLDER, scan_posts, with_posts
from pipeline.errors import SourceError
from pipeline.files import atomic_directory, write_parquet
from pipeline.gaps import Evened, even_missingness
from pipeline.masking import apply_masks
from pipeline.section import Section, load_section
from pipeline.stage import run_stage, say, stage_parser, world_lock

_EXTRA = tuple(f for f in (*SGBOT_17, *TEXT_6) if f not in FEATURES)
STATIC = tuple(f for f in (*FEATURES, *_EXTRA) if f.tier != "F")
FITTED = tuple(f for f in FEATURES if f.tier == "F")


class FeaturizeParams(Section):
    """Section `featurize` of params.yaml."""

    posts_per_part: Annotated[int, Field(ge=1_000)]


def masked_parts(
    canonical: Path, labelled: Path, most_posts: int
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Masked accounts and their masked posts, part by part (canonical_posts.py)."""
    masks = pl.read_parquet(labelled / "masks.parquet")
    accounts = pl.read_parquet(canonical / "accounts.parquet").join(
        masks, on="account_id", how="semi", maintain_order="left"
    )
    done = 0
    for some, posts in with_posts(accounts, canonical / FOLDER, most_posts):
        yield apply_masks(some, posts, masks)
        done += some.height
        say(f"{done:,} of {accounts.height:,} accounts")


def build_static(
    canonical: Path,
    labelled: Path,
    most_posts: int,
    sets: Sequence[TrainingSet] = (),
) -> tuple[Evened, dict[str, Artefacts]]:
    """Values of every feature that needs no fitted table, and those tables.

    The first have account_id, n_posts (after masking) and a column a feature, and are
    sorted by account_id; the second is a table fitted on each training set, by its key.
    """
    values = []
    tables = {training.key: Artefacts({}) for training in sets}
    for accounts, posts in masked_parts(canonical, labelled, most_posts):
        built = build_features(accounts, posts, None, STATIC)
        known = posts.group_by("account_id").agg(pl.len().alias("n_posts"))
        built = built.join(known, on="account_id", how="left", maintain_order="left")
        values.append(built.with_columns(pl.col("n_posts").fill_null(0)))
        equalised, measured = prepare_fit(accounts, posts)
        for training in sets:
            inside = pl.col("account_id").is_in(
                pl.Series(training.account_ids).implode()
            )
            fitted = Artefacts.fit(equalised.filter(inside), measured.filter(inside))
            tables[training.key] = tables[training.key].merge(fitted)
    masks = pl.read_parquet(labelled / "masks.parquet")
    static = _drop_masked(pl.concat(values).sort("account_id"), masks, STATIC)
    return even_missingness(static, _judged(labelled), STATIC), tables


def build_fitted(
    canonical: Path,
    labelled: Path,
    most_posts: int,
    tables: Mapping[str, Artefacts],
    n_posts: pl.DataFrame,
) -> Evened:
    """Values of the fitted features with each of the tables.

    Columns: training_set, account_id and one a feature.

    Args:
        n_posts: account_id, n_posts.
    """
    masks = pl.read_parquet(labelled / "masks.parquet")
    labels = _judged(labelled)
    built: dict[str, list[pl.DataFrame]] = {key: [] for key in tables}
    for accounts, posts in masked_parts(canonical, labelled, most_posts):
        each = build_for_each(accounts, posts, tables.values(), FITTED)
        for key, values in zip(tables, each, strict=True):
            built[key].append(values)
    evened: list[Evened] = []
    for key, of_parts in built.items():
        whole = pl.concat(of_parts).sort("account_id")
        whole = _drop_masked(whole, masks, FITTED)
        whole = whole.join(n_posts, on="account_id", maintain_order="left")
        name = pl.lit(key).alias("training_set")
        values, taken = even_missingness(whole, labels, FITTED)
        evened.append(
            Evened(values.drop("n_posts").with_columns(name), taken.with_columns(name))
        )
    return Evened(*(pl.concat(tables) for tables in zip(*evened, strict=True)))


def _judged(labelled: Path) -> pl.DataFrame:
    """Labels of both classes; look-alikes are no class to even gaps out with."""
    labels = pl.read_parquet(labelled / "labels.parquet")
    return labels.filter(pl.col("slice").is_null())


def _drop_masked(
    values: pl.DataFrame, masks: pl.DataFrame, features: Sequence[Feature]
) -> pl.DataFrame:
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
        for f in features
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

    Raises:
        SourceError: `actions.parquet` is not there; without it nobody would seem to
            report or block.
    """
    masks = pl.read_parquet(labelled / "masks.parquet")
    accounts = pl.read_parquet(canonical / "accounts.parquet")
    posts = scan_posts(canonical)
    file = canonical / "actions.parquet"
    if not file.is_file():
        raise SourceError(f"{file}: no such file; run the ingest stage")
    actions = pl.read_parquet(file)
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
            theirs = actions.join(ids, on="account_id", how="semi")
            around = Population.of(some_posts, some_accounts, theirs)
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
    """Write features, fitted, population (Parquet), artefacts/<training set>.json.

    `taken` and `fitted_taken` beside them have the values that evening out took.
    """
    most = params.posts_per_part
    sets = training_sets(pl.read_parquet(folds / "folds.parquet"))
    static, tables = build_static(canonical, labelled, most, sets)
    with atomic_directory(out) as working:
        write_parquet(static.values, working / "features.parquet", ["account_id"])
        write_parquet(static.taken, working / "taken.parquet", ["account_id"])
        around = build_around(canonical, labelled)
        write_parquet(around, working / "population.parquet", ["account_id"])
        (working / "artefacts").mkdir()
        for key, artefacts in tables.items():
            path = working / "artefacts" / f"{key}.json"
            path.write_text(artefacts.to_json() + "\n", encoding="utf-8")
        n_posts = static.values.select("account_id", "n_posts")
        fitted = build_fitted(canonical, labelled, most, tables, n_posts)
        keys = ["training_set", "account_id"]
        write_parquet(fitted.values, working / "fitted.parquet", keys)
        write_parquet(fitted.taken, working / "fitted_taken.parquet", keys)
        say(f"{len(STATIC) + len(FITTED)} columns, {len(tables)} training sets")


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
