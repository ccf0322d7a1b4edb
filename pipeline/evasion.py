"""Evasion: how many held-out takedown accounts are still found once they hide.

Accounts and posts are changed, never numbers: the features of each changed account are
built anew and scored by the booster of its fold. The search is greedy: of all changes
that the budget allows, the one after which the score is lowest is made, until the
account is below the threshold or nothing lowers it. It knows the score, so that it is
stronger than an operator who does not (R18 of the evaluation rules).
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.metrics import FPR
from models.training import Floats
from pipeline.edits import BUDGETS, EDITS
from pipeline.held_out import HeldOut


def evasion_report(sample: Sequence[HeldOut], steps: int) -> dict[str, Any]:
    """The block `audit.evasion` of metrics.json.

    `recall`: mean over campaigns at FPR 1 %, before any change and after those of each
    budget; `free_share`: what is left of it after the free ones; `used`: how often the
    search made each change; `folds`: how many of the sample's have a threshold, `of` all.

    Args:
        sample: see pipeline.held_out.
        steps: most changes of an account in each budget.
    """
    able = [fold for fold in sample if fold.threshold is not None]
    if not able:
        reason = "no fold has controls enough to set a threshold"
        return {"free_share": None, "reason": reason, "folds": 0, "of": len(sample)}
    used: Counter[str] = Counter()
    caught: dict[str, list[list[bool]]] = {}
    for fold in able:
        found, made = attack(fold, float(fold.threshold or 0), steps)
        used += made
        for campaign, row in zip(fold.campaigns, found.tolist(), strict=True):
            if campaign is not None:
                caught.setdefault(campaign, []).append(row)
    by_campaign = {
        name: np.mean(rows, axis=0).round(6).tolist() for name, rows in caught.items()
    }
    recall = np.mean(list(by_campaign.values()), axis=0)
    names = ("clean", *BUDGETS)
    block: dict[str, Any] = {
        "folds": len(able),
        "of": len(sample),
        "accounts": sum(len(rows) for rows in caught.values()),
        "fpr": FPR,
        "recall": dict(zip(names, recall.round(6).tolist(), strict=True)),
        "free_share": round(float(recall[1] / recall[0]), 6) if recall[0] else None,
        "campaigns": {
            name: dict(zip(names, row, strict=True))
            for name, row in sorted(by_campaign.items())
        },
        "used": dict(sorted(used.items())),
    }
    if not recall[0]:
        block["reason"] = "none is found before any change"
    return block


def attack(
    fold: HeldOut, threshold: float, steps: int
) -> tuple[NDArray[np.bool_], Counter[str]]:
    """Whether each account is found, shape (n_accounts, 1 + n_budgets), and edits made.

    Controls are found nowhere: nobody attacks for them.

    Args:
        fold: the accounts.
        threshold: logit above which an account is found.
        steps: most changes of an account in each budget.
    """
    accounts, posts = fold.accounts, fold.posts
    rows = np.arange(accounts.height)
    logits = fold.logits(accounts, posts, rows)
    takedown = np.array([campaign is not None for campaign in fold.campaigns])
    found = [takedown & (logits > threshold)]
    open_edits = np.ones((len(rows), len(EDITS)), dtype=bool)
    used: Counter[str] = Counter()
    for budget in range(len(BUDGETS)):
        for _ in range(steps):
            active = rows[takedown & (logits > threshold)]
            tries = [
                (place, active[open_edits[active, place]])
                for place, edit in enumerate(EDITS)
                if edit.budget in BUDGETS[: budget + 1]
            ]
            best = _best(fold, accounts, posts, tries, logits)
            if not best:
                break
            for row, place in best.items():
                open_edits[row, place] = False
                used[EDITS[place].name] += 1
            accounts, posts = _made(accounts, posts, best)
            # What was made is scored, not what was tried.
            touched = np.array(sorted(best))
            logits[touched] = fold.logits(
                accounts[touched], _of(accounts[touched], posts), touched
            )
        found.append(takedown & (logits > threshold))
    return np.column_stack(found), used


def _best(
    fold: HeldOut,
    accounts: pl.DataFrame,
    posts: pl.DataFrame,
    tries: Sequence[tuple[int, NDArray[np.int64]]],
    logits: Floats,
) -> dict[int, int]:
    """Row -> the edit that lowers its logit most; only if one does."""
    tables, places, of_rows = [], [], []
    for place, members in tries:
        if len(members):
            changed = _changed(accounts, posts, place, members)
            tables.append(_renamed(*changed, place))
            places += [place] * len(members)
            of_rows.append(members)
    if not tables:
        return {}
    joint = [pl.concat(each) for each in zip(*tables, strict=True)]
    rows = np.concatenate(of_rows)
    scores = fold.logits(joint[0], joint[1], rows)
    best: dict[int, tuple[int, float]] = {}
    for row, place, score in zip(rows.tolist(), places, scores.tolist(), strict=True):
        if score < best.get(row, (0, float(logits[row])))[1]:
            best[row] = (place, score)
    return {row: place for row, (place, _) in best.items()}


def _renamed(
    accounts: pl.DataFrame, posts: pl.DataFrame, place: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Each try as an account of its own in one batch, its replies to itself as well."""
    key = pl.concat_str(pl.lit(f"{place}/"), "account_id").alias("account_id")
    of_itself = pl.col("target_account_id") == pl.col("account_id")
    target = pl.when(of_itself).then(key).otherwise("target_account_id")
    return (
        accounts.with_columns(key),
        posts.with_columns(key, target.alias("target_account_id")),
    )


def _of(accounts: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """The posts of some accounts."""
    ids = accounts.select("account_id")
    return posts.join(ids, on="account_id", how="semi", maintain_order="left")


def _changed(
    accounts: pl.DataFrame, posts: pl.DataFrame, place: int, rows: NDArray[np.int64]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    some = accounts[rows]
    return EDITS[place].apply(some, _of(some, posts))


def _made(
    accounts: pl.DataFrame, posts: pl.DataFrame, best: dict[int, int]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tables after the best edit of each row; accounts stay in their order."""
    order = accounts.select("account_id")
    by_place: dict[int, list[int]] = {}
    for row, place in sorted(best.items()):
        by_place.setdefault(place, []).append(row)
    changed = [
        _changed(accounts, posts, place, np.array(rows))
        for place, rows in by_place.items()
    ]
    touched = accounts[sorted(best)].select("account_id")
    kept = [
        table.join(touched, on="account_id", how="anti", maintain_order="left")
        for table in (accounts, posts)
    ]
    after = [
        pl.concat([kept[side], *(tables[side] for tables in changed)])
        for side in (0, 1)
    ]
    return order.join(after[0], on="account_id", maintain_order="left"), after[1]
