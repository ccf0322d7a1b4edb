"""Population: the accounts around, given explicitly, and what is shared with them.

It is what a caller holds of one collection: posts, and if known the accounts and the
actions (reports, blocks) of whoever made them. It is never taken from the accounts that
are scored together, and an account in it is compared with the others alone: its values
depend on its own posts and on the population, not on its batch.

A population is a snapshot. Posts of it at or after the moment of judging are the
caller's to cut (`as_of`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from features import equalise, history, schema
from features.companions import Counts, compare, count, with_companions
from features.errors import InputError
from features.traces import TRACES, Table, Trace

# Column of posts that holds what `Population.shared` says.
SHARED: Final = "shared"
# Posts equalised at once; more take more memory and give the same counts.
_POSTS_PER_PART: Final = 400_000


@dataclass(frozen=True)
class Population:
    """Accounts around, counted.

    Attributes:
        codes: account_id, account: a number for each.
        counts: trace -> its counts; no key where the table that it needs is absent.
        actions: their actions, null if not known.
    """

    codes: pl.DataFrame
    counts: dict[str, Counts]
    actions: pl.DataFrame | None

    @classmethod
    def of(
        cls,
        posts: pl.DataFrame,
        accounts: pl.DataFrame | None = None,
        actions: pl.DataFrame | None = None,
        as_of: datetime | None = None,
    ) -> "Population":
        """Population of canonical tables.

        Args:
            posts: their posts.
            accounts: whose creation is compared; with them, each account's posts end
                before its own as_of.
            actions: of them as reporters; nothing is counted about whom they report.
            as_of: posts and actions at or after it are left out; null for none.

        Raises:
            SchemaError: a table is not canonical.
            InputError: it holds no post, or an account twice.
        """
        posts = schema.check(posts, "posts")
        given: dict[Table, pl.DataFrame] = {"posts": posts}
        if accounts is not None:
            accounts = equalise.accounts(schema.check(accounts, "accounts"))
            if accounts["account_id"].is_duplicated().any():
                raise InputError(
                    "population, table accounts: an account_id stands more than once; "
                    "keep one row of each"
                )
            given["accounts"] = accounts
        if actions is not None:
            actions = _before(schema.check(actions, "actions"), "at", as_of)
            given["actions"] = actions
        if actions is not None and accounts is not None:
            given["actions"] = actions = _in_time(actions, accounts)
        if posts.is_empty():
            raise InputError(
                "population: no post in it; give the posts of the accounts around"
            )
        codes = (
            pl.concat([t.select("account_id") for t in given.values()])
            .unique()
            .sort("account_id")
            .with_row_index("account")
        )
        found: dict[str, list[pl.DataFrame]] = {}
        for part in _parts(posts):
            some = equalise.posts(equalise.distinct(part))
            some = _before(some, "posted_at", as_of)
            if accounts is not None:
                some = _cut(some, accounts)
            _collect(found, "posts", some.join(codes, on="account_id"))
        for name, table in given.items():
            if name != "posts":
                _collect(found, name, table.join(codes, on="account_id"))
        counts = {
            name: count(TRACES[name], pl.concat(found.pop(name)))
            for name in list(found)
        }
        return cls(codes, counts, actions)

    def capped(self) -> dict[str, int]:
        """Trace -> items that more share than are counted, where there are any."""
        return {name: c.capped for name, c in self.counts.items() if c.capped}

    def around(
        self, accounts: pl.DataFrame, posts: pl.DataFrame, names: Iterable[str]
    ) -> pl.DataFrame:
        """What equalised accounts share with this population, in their order.

        account_id and, for each trace, `<name> observed` and `<name> expected` in
        UNITs of a companion, null where nothing can be said, and then `<name> why`,
        a code of REASONS.
        """
        rows = accounts.select("account_id").with_row_index("row")
        known = rows.join(self.codes, on="account_id").drop("account_id")
        tables: dict[Table, pl.DataFrame] = {"accounts": accounts, "posts": posts}
        if self.actions is not None:
            tables["actions"] = _in_time(self.actions, accounts)
        numbered = {
            # Measured posts have an "account" of their own, their place in the table.
            name: table.drop("account", strict=False)
            .join(rows, on="account_id")
            .rename({"row": "account"})
            for name, table in tables.items()
        }
        found = accounts.select("account_id", "names_hashed").with_row_index("row")
        for name in names:
            trace = TRACES[name]
            if name not in self.counts:
                absent = pl.lit(None, pl.Int64)
                found = found.with_columns(
                    absent.alias(f"{name} observed"),
                    absent.alias(f"{name} expected"),
                    pl.lit("population_absent").alias(f"{name} why"),
                )
                continue
            mine = numbered[trace.table]
            told = (
                mine.filter(trace.among)
                .group_by("account")
                .agg(pl.col(trace.reads).is_not_null().any().alias("told"))
            )
            own = trace.events(mine).rename({"account": "row"})
            shared = compare(self.counts[name], own, known)
            found = (
                found.join(shared, on="row", how="left", maintain_order="left")
                .join(
                    told,
                    left_on="row",
                    right_on="account",
                    how="left",
                    maintain_order="left",
                )
                .with_columns(_why(trace).alias(f"{name} why"))
                .with_columns(
                    pl.when(pl.col(f"{name} why").is_null())
                    .then(pl.col(part))
                    .alias(f"{name} {part}")
                    for part in ("observed", "expected")
                )
                .drop("items", "others", "observed", "expected", "told")
            )
        return found.drop("row", "names_hashed")

    def shared(
        self, accounts: pl.DataFrame, posts: pl.DataFrame, name: str
    ) -> pl.Series:
        """Which posts of equalised accounts share something with others around.

        True or false in their order; false too where the accounts around are not known
        in this respect.
        """
        trace = TRACES[name]
        rows = accounts.select("account_id").with_row_index("row")
        places = pl.Series(SHARED, range(posts.height), pl.UInt32)
        if name not in self.counts or trace.table != "posts":
            return pl.repeat(False, posts.height, eager=True).alias(SHARED)
        mine = posts.drop("account", strict=False).with_columns(places)
        own = trace.events(
            mine.join(rows.rename({"row": "account"}), on="account_id"), SHARED
        ).rename({"account": "row"})
        known = rows.join(self.codes, on="account_id").drop("account_id")
        found = with_companions(self.counts[name], own, known)
        return places.is_in(found[SHARED].unique().implode()).alias(SHARED)


def _parts(posts: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The posts of some accounts after one another, each account's together."""
    number = -(-posts.height // _POSTS_PER_PART)
    place = posts["account_id"].hash() % number
    for part in range(number):
        yield posts.filter(place == part)


def _collect(
    found: dict[str, list[pl.DataFrame]], table: Table, rows: pl.DataFrame
) -> None:
    for name, trace in TRACES.items():
        if trace.table == table:
            found.setdefault(name, []).append(trace.events(rows))


def _why(trace: Trace) -> pl.Expr:
    """Code of the first cause that applies."""
    # Of a profile there is one: what it lacks is a field.
    few = "field_absent" if trace.table == "accounts" else "too_few_posts"
    hashed = pl.col("names_hashed") & pl.lit(trace.reads == "handle")
    return (
        pl.when(hashed)
        .then(pl.lit("field_hashed"))
        .when(~pl.col("told"))
        .then(pl.lit("field_absent"))
        .when(pl.col("items").fill_null(0) < trace.least)
        .then(pl.lit(few))
        .when(pl.col("others") <= 0)
        .then(pl.lit("undefined"))
    )


def _before(frame: pl.DataFrame, column: str, as_of: datetime | None) -> pl.DataFrame:
    if as_of is None:
        return frame
    # Times of posts are whole minutes here: of a later second they would come before.
    moment = pl.lit(as_of).dt.truncate(equalise.POST_TIME)
    return frame.filter(pl.col(column).is_null() | (pl.col(column) < moment))


def _in_time(actions: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Actions of known accounts before their own as_of; those of others as they are."""
    moments = accounts.select("account_id", "as_of")
    return (
        actions.join(moments, on="account_id", how="left", maintain_order="left")
        .filter((pl.col("at") < pl.col("as_of")) | pl.col("as_of").is_null())
        .drop("as_of")
    )


def _cut(posts: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Posts of known accounts as those of any account; those of others as they are."""
    strangers = posts.join(accounts, on="account_id", how="anti")
    return pl.concat([history.before_as_of(posts, accounts), strangers])
