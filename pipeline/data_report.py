"""Data report: one page that an engineer reads before training, in artifacts/<world>/."""

from pathlib import Path

import polars as pl

from pipeline import data_facts, data_looks, data_sections
from pipeline.canonical_posts import scan_posts
from pipeline.files import atomic_file, read_json
from pipeline.markup import Html, page, section, text
from pipeline.stage import run_stage, say, stage_parser, world_lock

_SIMULATED = "demo"


def write_report(
    world: str, canonical: Path, ingested: Path, labelled: Path, out: Path
) -> list[str]:
    """Write the page; the sentences of its first section."""
    labels = pl.read_parquet(labelled / "labels.parquet")
    posts = scan_posts(canonical)
    accounts = pl.read_parquet(canonical / "accounts.parquet")
    masks = pl.read_parquet(labelled / "masks.parquet")
    found = data_facts.groups(labels, posts)
    gaps = data_facts.missing(accounts, posts, labels, masks)
    report, reading = read_json(labelled / "report.json"), read_json(ingested)
    looks = data_looks.first_looks(found, gaps, report, reading)
    notice = (
        "Simulated accounts: nothing here is about real people."
        if world == _SIMULATED
        else "Real accounts, of which this page shows counts and no text."
    )
    listed = "".join(f"<li>{text(sentence)}</li>" for sentence in looks)
    html = page(
        f"Data of {world}",
        notice,
        section(
            "Look at this first",
            "What could make a model learn the collection in place of the behaviour.",
            Html(f"<ul>{listed}</ul>" if looks else "<p>Nothing stands out.</p>"),
        ),
        data_sections.groups(found),
        data_sections.missing(gaps),
        data_sections.equalised(report),
        data_sections.balance(report["balance"]),
        data_sections.decided(report),
        data_sections.rows(reading),
    )
    with atomic_file(out) as working:
        working.write_text(html, encoding="utf-8")
    return looks


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument("--canonical", type=Path, required=True, help="of ingest")
    parser.add_argument("--ingested", type=Path, required=True, help="ingest.json")
    parser.add_argument("--labelled", type=Path, required=True, help="of label")
    parser.add_argument("--out", type=Path, required=True, help="page to write")
    args = parser.parse_args()
    with world_lock(args.world):
        looks = write_report(
            args.world, args.canonical, args.ingested, args.labelled, args.out
        )
    for sentence in looks:
        say(sentence)


if __name__ == "__main__":
    run_stage(main)
