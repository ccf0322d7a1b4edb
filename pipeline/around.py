"""The accounts around those to score, as files: read, and counted."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from features.errors import InputError
from features.population import Population
from pipeline.canonical_posts import posts_at
from pipeline.sources import canonical, checks
from pipeline.stage import say
from pipeline.streaming import prefixed
from pipeline.to_score import declare, link

# Canonical table -> argument of pipeline.score, as argparse names it.
POPULATION: Final = {
    "posts": "population",
    "accounts": "population_accounts",
    "actions": "population_actions",
}


def read_population(
    given: Mapping[str, Path | None], as_of: datetime | None, links: Path
) -> Population:
    """Population of canonical files, Parquet or CSV, or of a folder of posts.

    Args:
        given: posts, and accounts and actions or null.
        as_of: rows at or after it are left out; of accounts that state none, theirs.
        links: directory for links to the files.

    Raises:
        InputError: a file is missing, or cannot be read.
    """
    tables: dict[str, pl.DataFrame | None] = dict.fromkeys(POPULATION)
    for table, path in given.items():
        if path is None:
            continue
        files = posts_at(path) if table == "posts" else [path]
        if not all(file.is_file() for file in files):
            raise InputError(f"--{POPULATION[table].replace('_', '-')} {path}: no file")
        names = link(files, links / table)
        source = declare({table: names}, "canonical", as_of)
        reading = canonical.rows(source, links / table, table)
        if table == "accounts":
            checks.duplicates(reading, ["account_id"])
            reading.set(as_of=pl.col("as_of").fill_null(as_of))
        for count in reading.counts():
            for rule, rows in count.rejected.items():
                say(f"{rows:,} row(s) of {path.name} rejected, {rule}")
        tables[table] = prefixed(reading.kept(), source, table)
    posts = tables["posts"]
    assert posts is not None
    population = Population.of(posts, tables["accounts"], tables["actions"], as_of)
    say(f"{population.codes.height:,} accounts around")
    for name, capped in population.capped().items():
        say(f"{name}: {capped:,} item(s) shared by more accounts than are counted")
    return population
