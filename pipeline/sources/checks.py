"""Rules that hold after reading, whatever the format: ids, labels, times, evidence."""

from collections.abc import Sequence

import polars as pl

from features import equalise, schema
from pipeline.errors import SourceError
from pipeline.sources.observation import add_as_of
from pipeline.sources.reading import Reading, content
from pipeline.sources.source import Source, Tables, as_utc

# Groups of a file that name campaigns: on pages, in logs and in names of figures.
_CAMPAIGN = r"^[a-z0-9_][a-z0-9_. -]{0,59}$"


def settle(
    accounts: Reading, posts: Reading | None, labels: Reading | None = None
) -> Tables:
    """Canonical tables of a source after all rules inside it.

    Args:
        accounts: rows with account_id, `label`, `group` and canonical columns.
        posts: rows with account_id and canonical columns; null if there are none.
        labels: rows of files of labels, whose words the accounts have already.

    Raises:
        SourceError: the declaration does not fit the rows.
    """
    source = accounts.source
    if posts is None and source.needs_posts:
        raise SourceError(
            f"source {source.name}: needs_posts, but format {source.format} has none"
        )
    seen = accounts.frame["account_id"].unique()
    _fill(accounts)
    _check_classes(accounts)
    conflict = pl.col("label").n_unique().over("account_id") > 1
    accounts.reject("label_conflict", conflict, "the id stands in both classes")
    duplicates(accounts, ["account_id"])
    if posts is not None:
        _fill(posts)
        _check_post_times(accounts, posts)
    _check_creation(accounts, posts)
    if posts is not None:
        _duplicate_posts(posts)
        _reject_orphans(accounts, posts, seen)
        if source.needs_posts:
            having = posts.frame["account_id"].unique().implode()
            silent = ~pl.col("account_id").is_in(having)
            accounts.reject("no_evidence", silent, "no post is kept")
    _observe(accounts, posts)
    if posts is not None:
        _reject_orphans(accounts, posts, seen)
    accounts.set(history_complete=pl.lit(source.history_complete))
    readings = [one for one in (accounts, posts, labels) if one is not None]
    return Tables(
        accounts=accounts.kept(),
        posts=None if posts is None else posts.kept(),
        rejected=pl.concat([reading.rejected() for reading in readings]),
        counts=[count for reading in readings for count in reading.counts()],
    )


def only_class(source: Source) -> int:
    """Label of a format of one class: that of the only class that is declared.

    Accounts to be scored are read as controls.

    Raises:
        SourceError: both classes are declared, so that nothing tells them apart.
    """
    if not source.needs_labels:
        return 0
    if source.positives is not None and source.controls is not None:
        raise SourceError(
            f"source {source.name}: positives and controls are declared, but the files "
            "have no label; declare one class and make the other null; for both, list "
            "the files of each as a source"
        )
    return 1 if source.positives is not None else 0


def give_class(accounts: Reading) -> None:
    """Set `label` of a format of one class, whose files name no campaign.

    Raises:
        SourceError: both classes are declared.
    """
    label = pl.lit(only_class(accounts.source), pl.Int8)
    accounts.set(label=label, group=pl.lit(None, pl.String))


def duplicates(
    reading: Reading,
    key: Sequence[str],
    among: pl.Expr | None = None,
    before: Sequence[pl.Expr] = (),
) -> None:
    """Keep one row a key, the first by content, so that file order does not matter.

    Args:
        reading: rows.
        key: columns that name a row.
        among: rows to look at; the others are kept.
        before: what rows of a key are ordered by before their content, nulls first.
    """
    frame = reading.frame
    looked_at = frame if among is None else frame.filter(among)
    # One number a key tells most keys apart, far sooner than the keys do.
    numbers = looked_at.select(pl.struct(key).hash()).to_series()
    if numbers.n_unique() == numbers.len():
        return
    looked_at = looked_at.filter(numbers.is_duplicated())
    repeated = looked_at.filter(looked_at.select(key).is_duplicated())
    if repeated.is_empty():
        return
    later = (
        repeated.select(
            "file",
            "row",
            *key,
            *(expr.alias(f"_before{i}") for i, expr in enumerate(before)),
            _content=content(),
        )
        .sort(
            *key,
            *(f"_before{i}" for i in range(len(before))),
            "_content",
            "file",
            "row",
        )
        .select(
            "file",
            "row",
            _first=pl.struct(key).is_first_distinct(),
            _same=pl.col("_content") == pl.col("_content").first().over(key),
        )
        .filter(~pl.col("_first"))
        .drop("_first")
    )
    reading.frame = frame.join(
        later, on=["file", "row"], how="left", maintain_order="left"
    )
    reading.reject("duplicate_identical", pl.col("_same"), "the row stands there twice")
    reading.reject(
        "duplicate_conflict", ~pl.col("_same"), "another row is the same one"
    )
    reading.frame = reading.frame.drop("_same")


def _fill(reading: Reading) -> None:
    dtypes = schema.TABLES[reading.table].items()
    absent = {
        name: pl.lit(None, dtype=dtype)
        for name, dtype in dtypes
        if name not in reading.frame.columns and name != "as_of"
    }
    reading.set(**absent)


def _check_classes(accounts: Reading) -> None:
    source, labels = accounts.source, set(accounts.frame["label"])
    declared = {1: source.positives, 0: source.controls}
    for label in labels:
        if declared.get(label) is None:
            kind = "positives" if label else "controls"
            raise SourceError(
                f"source {source.name}: accounts with label {label}, but no {kind} are "
                "declared; declare them"
            )
    if source.positives is None or source.positives.campaign is not None:
        return
    groups = accounts.frame.filter(pl.col("label") == 1)["group"]
    if unnamed := groups.null_count():
        raise SourceError(
            f"source {source.name}: format {source.format} names no campaign for "
            f"{unnamed} account(s); give positives.campaign"
        )
    plain = groups.str.to_lowercase().str.contains(_CAMPAIGN)
    if unfit := (~plain).sum():
        raise SourceError(
            f"source {source.name}: the group of {unfit} account(s) cannot name a "
            "campaign; use 1 to 60 letters a-z, digits, `_`, `-`, `.` and blanks, or "
            "give positives.campaign"
        )


def _duplicate_posts(posts: Reading) -> None:
    """Posts are one, and one of them is kept, as in features for every request."""
    first = (pl.col("posted_at"), equalise.post_content())
    for among, key in equalise.SAME_POST:
        duplicates(posts, key, among, first)


def _check_post_times(accounts: Reading, posts: Reading) -> None:
    early = pl.col("posted_at") < as_utc(accounts.source.platform_start)
    posts.reject("time_order", early, "posted before the platform started")
    if accounts.source.as_of.rule == "column" and "as_of" in accounts.frame.columns:
        seen = accounts.frame.select("account_id", _seen="as_of").unique("account_id")
        posts.frame = posts.frame.join(
            seen, on="account_id", how="left", maintain_order="left"
        )
        late = pl.col("posted_at") > pl.col("_seen") + equalise.CLOCK_TOLERANCE
        posts.reject("time_order", late, "posted after the account was collected")
        posts.frame = posts.frame.drop("_seen")


def _check_creation(accounts: Reading, posts: Reading | None) -> None:
    early = pl.col("created_at") < as_utc(accounts.source.platform_start)
    accounts.reject("time_order", early, "created before the platform started")
    if posts is None:
        return
    first = posts.frame.group_by("account_id").agg(_first=pl.col("posted_at").min())
    accounts.frame = accounts.frame.join(
        first, on="account_id", how="left", maintain_order="left"
    )
    late = pl.col("created_at") > pl.col("_first") + equalise.CLOCK_TOLERANCE
    accounts.reject("time_order", late, "created after a post of its own")
    accounts.frame = accounts.frame.drop("_first")


def _reject_orphans(accounts: Reading, posts: Reading, seen: pl.Series) -> None:
    owner = pl.col("account_id")
    unknown = ~owner.is_in(seen.implode())
    posts.reject("no_account", unknown, "no account has this id")
    lost = ~owner.is_in(accounts.frame["account_id"].implode())
    posts.reject("account_rejected", lost, "its account is rejected")


def _observe(accounts: Reading, posts: Reading | None) -> None:
    accounts.frame = add_as_of(
        accounts.source, accounts.frame, None if posts is None else posts.frame
    )
    # The minute, as features and the service know the moment.
    seen = pl.col("as_of").dt.truncate("1m")
    late = pl.col("created_at") > seen + equalise.CLOCK_TOLERANCE
    accounts.reject("time_order", late, "created after the account was collected")
