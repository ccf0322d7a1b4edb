"""Feature page: what each feature measures, and what it tells alone, from what is stored."""

from pathlib import Path

import polars as pl

from features.catalogue import CATALOGUE
from features.errors import ArtefactError
from models.single import judge
from pipeline.feature_html import as_html
from pipeline.files import atomic_file
from pipeline.stage import run_stage, say, stage_parser, world_lock


def make_page(world: str, features: Path, labels: Path) -> str:
    """The page over the stored values of a world.

    Args:
        world: a world of params.yaml.
        features: output of featurize.
        labels: labels.parquet of label.
    """
    values = read_values(features, labels)
    positives = int(values["label"].sum())
    counts = (values.height - positives, positives)
    return as_html(world, counts, judge(values, CATALOGUE))


def read_values(features: Path, labels: Path) -> pl.DataFrame:
    """What is known of each labelled account, and a column a feature of the catalogue.

    Args:
        features: output of featurize.
        labels: labels.parquet of label.
    """
    known = ("account_id", "label", "block", "campaign")
    values = pl.read_parquet(labels).select(known)
    fitted = pl.read_parquet(features / "fitted.parquet")
    for table in (
        pl.read_parquet(features / "features.parquet"),
        fitted.filter(pl.col("training_set") == "all").drop("training_set"),
        pl.read_parquet(features / "population.parquet"),
    ):
        values = values.join(table, on="account_id")
    return values


def check_page(page: Path, current: str) -> None:
    """Refuse a page that says something else than the features and their values.

    Raises:
        ArtefactError: it is missing or not what would be written now.
    """
    found = page.read_text(encoding="utf-8") if page.is_file() else ""
    if found != current:
        raise ArtefactError(f"{page}: does not match the features; run `dvc repro`")


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument("--features", type=Path, required=True, help="of featurize")
    parser.add_argument("--labels", type=Path, required=True, help="labels.parquet")
    parser.add_argument("--out", type=Path, required=True, help="page to write")
    parser.add_argument(
        "--check", action="store_true", help="compare only, fail if it differs"
    )
    args = parser.parse_args()
    with world_lock(args.world):
        page = make_page(args.world, args.features, args.labels)
        if args.check:
            check_page(args.out, page)
            return
        with atomic_file(args.out) as working:
            working.write_text(page, encoding="utf-8")
        say(f"wrote {args.out}: {len(CATALOGUE)} features")


if __name__ == "__main__":
    run_stage(main)
