"""Label: which accounts a takedown named, and what must look alike in both classes."""

from pathlib import Path
from typing import Any, Literal

import polars as pl

from pipeline.canonical_posts import scan_posts
from pipeline.conflicts import CONFLICTS, ConflictRules, resolve
from pipeline.declared import label_accounts, list_campaigns
from pipeline.duplicates import DuplicateRules, find_duplicates
from pipeline.errors import ParamsError
from pipeline.files import atomic_directory, write_json, write_parquet
from pipeline.forgotten import Forgotten, blanked, list_path
from pipeline.label_report import (
    count_conflicts,
    count_duplicates,
    count_masks,
    count_verdicts,
    repairs_by_class,
)
from pipeline.masking import EqualiseRules, observe, plan_masks
from pipeline.matching import MatchingRules, balance, covariates, match_controls
from pipeline.panel_masks import panel_masks
from pipeline.reviewers import (
    ReviewerRules,
    agreed,
    opposed,
    place,
    trust,
    weigh,
)
from pipeline.section import Section, load_section
from pipeline.sources.source import Name, Source
from pipeline.stage import run_stage, say, stage_parser, world_lock
from pipeline.verdicts import ReadVerdicts, no_verdicts, read_verdicts


class LabelParams(Section):
    """Section `label` of params.yaml."""

    id_spaces: dict[Name, Name]
    roles: dict[Name, Literal["core", "amplifier"]]
    conflicts: ConflictRules
    duplicates: DuplicateRules
    reviewers: ReviewerRules
    counts_at: dict[Name, Name]
    equalise: EqualiseRules
    matching: MatchingRules


def label(
    canonical: Path,
    sources: list[Source],
    params: LabelParams,
    verdicts: ReadVerdicts,
    out: Path,
) -> dict[str, Any]:
    """Write labels, masks, conflicts, rejected, campaigns.json, report.json; the report.

    Every account that the readers labelled stands in labels.parquet, or in
    conflicts.parquet as left out.
    """
    given = pl.read_parquet(canonical / "labels.parquet")
    placed, ambiguous = place(verdicts.verdicts, given, params.id_spaces)
    decided = agreed(placed, params.reviewers)
    known, silent = weigh(given, sources, decided)
    declared = trust(label_accounts(known, sources, params.roles), decided)
    labels, conflicts = resolve(declared, params.conflicts, params.id_spaces)
    against, confirmed = opposed(labels, decided)
    shown = pl.concat([conflicts, silent, against])
    accounts = pl.read_parquet(canonical / "accounts.parquet").join(
        labels.select("account_id"), on="account_id", maintain_order="left"
    )
    posts = scan_posts(canonical)
    observed = observe(accounts, posts)
    facts = covariates(accounts, posts, observed)
    matched = match_controls(labels, facts, params.matching)
    differences = {"before": balance(labels, facts), "after": balance(matched, facts)}
    unmatched = labels.height - matched.height
    same = conflicts.filter("kept").select("account_id", "shared_id").unique()
    duplicates = find_duplicates(accounts, posts, same, params.duplicates)
    labels = (
        matched.drop("duplicate_group")
        .join(duplicates.groups, on="account_id", how="left", maintain_order="left")
        .select(matched.columns)
    )
    moments = params.counts_at
    judged = labels.filter(pl.col("slice").is_null())
    masks = plan_masks(observed, posts, judged, params.equalise, moments)
    look_alikes = panel_masks(observed, labels, masks)
    masks = pl.concat([masks, look_alikes], how="diagonal")
    report = {
        "accounts": {
            "read": given.height,
            "takedown": labels.filter(pl.col("label") == 1).height,
            "controls": labels.filter(pl.col("label") == 0).height,
            "left_out": given.height - labels.height - unmatched,
            "unmatched": unmatched,
        },
        "balance": differences,
        "conflicts": count_conflicts(shown),
        "reviewers": count_verdicts(verdicts, placed, ambiguous, decided, confirmed),
        "duplicates": count_duplicates(labels, duplicates.links),
        "masks": count_masks(masks, observed, labels, moments),
        "repairs": repairs_by_class(accounts, posts, labels),
    }
    with atomic_directory(out) as working:
        write_parquet(labels, working / "labels.parquet", ["account_id"])
        write_parquet(masks, working / "masks.parquet", ["account_id"])
        write_parquet(shown, working / "conflicts.parquet", list(CONFLICTS))
        write_parquet(verdicts.rejected, working / "rejected.parquet", ["row", "rule"])
        write_json(list_campaigns(labels, sources), working / "campaigns.json")
        write_json(report, working / "report.json")
    return report


def _say_report(report: dict[str, Any]) -> None:
    accounts, copies = report["accounts"], report["duplicates"]
    say(f"{accounts['takedown']:,} takedown accounts")
    say(f"{accounts['controls']:,} controls")
    if accounts["unmatched"]:
        say(f"{accounts['unmatched']:,} controls left out: like no takedown account")
    for rule, counted in report["conflicts"].items():
        say(
            f"{counted['rows']:,} rows in conflict ({rule}), "
            f"{counted['left_out']:,} left out"
        )
    if report["reviewers"]["read"]:
        say(
            f"{report['reviewers']['read']:,} verdicts on "
            f"{report['reviewers']['accounts_decided']:,} accounts"
        )
    say(
        f"{copies['accounts']:,} accounts in {copies['groups']:,} groups of copies, "
        f"{copies['across_blocks']:,} of them across blocks"
    )
    for rule, counted in report["masks"]["rules"].items():
        say(
            f"{counted['takedown']:,} takedown accounts and {counted['controls']:,} "
            f"controls made alike: {rule}"
        )


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument(
        "--canonical", type=Path, required=True, help="tables of ingest"
    )
    parser.add_argument("--raw", type=Path, required=True, help="raw archives")
    parser.add_argument("--out", type=Path, required=True, help="directory to write")
    args = parser.parse_args()
    sources = load_section(args.params, f"sources.{args.world}", list[Source])
    params = load_section(args.params, "label", LabelParams)
    with world_lock(args.world):
        name = params.reviewers.files.get(args.world)
        if name is None and any(source.left_to_reviewers for source in sources):
            raise ParamsError(
                f"label.reviewers.files: no file of verdicts for world {args.world}, "
                "which has a source of kind reviewer; name one"
            )
        verdicts = no_verdicts() if name is None else read_verdicts(args.raw / name)
        forgotten = Forgotten.load(list_path(args.world))
        verdicts = verdicts._replace(rejected=blanked(verdicts.rejected, forgotten))
        _say_report(label(args.canonical, sources, params, verdicts, args.out))


if __name__ == "__main__":
    run_stage(main)
