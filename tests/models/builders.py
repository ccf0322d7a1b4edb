"""Small labels, matrices and bundles, each valid on its own."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl

from features import schema
from features.artefacts import Artefacts
from features.catalogue import FEATURES
from models.abstention import Abstention
from models.bundle import describe, save_bundle
from models.calibrator import Calibrator
from models.evidence import STATES
from models.gates import Known, Limits
from models.intervals import Intervals
from models.training import Recipe, train_booster

RECIPE = Recipe(
    booster={"learning_rate": 0.2, "num_leaves": 7, "min_data_in_leaf": 10},
    rounds=20,
    unit_power=0.5,
    family_dropout=0.3,
    # What columns mean is made up here.
    monotone=False,
    directed=(),
    turn_margin=0.1,
    unread=(),
    spared_controls=0.0,
    seed=1,
)
LINE = Calibrator(slope=1.3, intercept=-0.2, anchor=0.5)
INTERVALS = Intervals(
    confidence=0.9,
    knots=[-1.0, 1.0],
    spread=[0.3, 0.5],
    states=dict.fromkeys(STATES, 0.1),
    operators=dict.fromkeys(STATES, 3),
    withheld={"without profile": 0.8},
)
# Only accounts of which nothing is known are not scored.
LENIENT = Abstention(least_posts=0, least_operators=0, most_outside=1.0, widest=1.0)
POINT: dict[str, Any] = {
    "max_fpr": 0.01,
    "aim": "highest recall at FPR <= 1 %",
    "logit": 0.7,
    "fpr": 0.01,
    "recall": 0.8,
    "controls": 900,
    "reason": None,
}
# Of the gates.
LIMITS = Limits(
    additivity=1e-6,
    baseline_lead=0.0,
    depth3_lead=0.05,
    auc_mean=0.9,
    auc_worst=0.8,
    recall_mean=0.6,
    brier_skill_worst=0.0,
    ece_mean=0.07,
    ece_worst=0.16,
    slope_low=0.8,
    slope_high=1.25,
    campaign_slope_low=0.5,
    campaign_slope_high=2.0,
    campaign_slopes_share=0.75,
    intervals_held_share=0.75,
    wrong_labels_auc_loss=0.02,
    mask_only_low=0.45,
    mask_only_high=0.55,
    gaps_alone_auc=0.53,
    gaps_lent_auc=0.002,
    evened_auc_lent=0.01,
    single_feature_auc=0.95,
    single_features_known={"fleet/age": Known(0.99, "bought accounts have one age")},
    control_origin_auc=0.75,
    panel_fpr=0.02,
    panel_known={"fandom": Known(0.3, "fans repost in the same minutes")},
    language_ratio=1.25,
    topic_swap_shift=0.5,
    free_recall_share=0.9,
    judged_share=0.75,
    may_not_apply=["panel_slices"],
)
DISCLOSED = {"one": 2018, "two": 2019, "three": 2020, "four": 2021}


def make_labels(
    operators: tuple[str, ...] = ("one", "two", "three", "four"),
    positives: int = 10,
    controls: int = 20,
) -> pl.DataFrame:
    """One campaign an operator, and controls in its block."""
    rows: list[dict[str, Any]] = []
    for operator in operators:
        for label, count in ((1, positives), (0, controls)):
            rows += [
                {
                    "account_id": f"{operator}{label}/{operator}-{label}-{number}",
                    "source": f"{operator}{label}",
                    "campaign": operator if label else None,
                    "operator": operator if label else None,
                    "kind": "platform",
                    "label": label,
                    "strength": 1.0,
                    "disclosed_at": datetime(DISCLOSED[operator], 1, 1, tzinfo=UTC)
                    if label
                    else None,
                    "block": operator,
                }
                for number in range(count)
            ]
    frame = pl.DataFrame(
        rows, schema_overrides={"label": pl.Int8, "disclosed_at": schema.TIME}
    )
    return schema.conform(frame, "labels").sort("account_id")


def make_accounts(count: int, **overrides: Any) -> pl.DataFrame:
    """Canonical accounts that differ from one another."""
    moment = datetime(2021, 6, 1, tzinfo=UTC)
    rows = [
        {
            "account_id": f"a/{number:03}",
            "as_of": moment,
            "created_at": datetime(2015 + number % 5, 1 + number % 12, 1, tzinfo=UTC),
            "handle": f"someone{number}",
            "followers": 7 * number**2,
            "following": 90 + number,
            "bio": "x" * number,
            **overrides,
        }
        for number in range(count)
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    typed = [
        pl.col(name).cast(dtype)
        for name, dtype in schema.ACCOUNTS.items()
        if name in frame.columns
    ]
    return schema.conform(frame.select(typed), "accounts")


def make_posts(accounts: pl.DataFrame, each: int = 12) -> pl.DataFrame:
    """Canonical posts of all accounts, uneven in time and text."""
    rows = [
        {
            "post_id": f"{place}-{number}",
            "account_id": account,
            "posted_at": datetime(2021, 1 + number % 4, 1 + place % 27, tzinfo=UTC),
            "kind": "reply" if (number + place) % 3 == 0 else "original",
            "text": f"word{place} again {'#tag ' * (number % 3)}https://x.y/{number}",
            "client": f"app{place % 2}",
        }
        for place, account in enumerate(accounts["account_id"])
        for number in range(each)
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return schema.conform(frame.cast({"posted_at": schema.TIME}), "posts")


def make_matrix(rows: int, columns: int, seed: int = 0, missing: float = 0.1) -> Any:
    """Normal values, some of them missing at random."""
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(rows, columns)).astype(np.float32)
    matrix[generator.random(matrix.shape) < missing] = np.nan
    return matrix


def small_booster(seed: int = 0) -> lgb.Booster:
    """A booster over all features, trained on noise with a signal."""
    matrix = make_matrix(600, len(FEATURES), seed)
    # Of the profile, in which the accounts made here differ.
    signal = np.nan_to_num(matrix)[:, :12].sum(axis=1) / 3
    noise = np.random.default_rng(seed + 1).normal(size=600)
    labels = (signal + noise > 0).astype(np.int8)
    ids = [f"a/{number}" for number in range(600)]
    return train_booster(matrix, labels, np.ones(600), ids, FEATURES, RECIPE)


def write_bundle(
    folder: Path,
    line: Calibrator = LINE,
    intervals: Intervals = INTERVALS,
    abstention: Abstention = LENIENT,
    artefacts: Artefacts | None = None,
) -> Path:
    """A bundle that loads and scores real canonical accounts."""
    folder.mkdir(parents=True)
    save_bundle(
        folder,
        small_booster().model_to_string(),
        line,
        artefacts or Artefacts.fit(make_accounts(30)),
        describe("demo", 0.05, line, {"cautious": POINT}, {}),
        {"0": {}},
        intervals,
        abstention,
    )
    return folder


def rewritten(folder: Path, name: str, value: Any) -> Path:
    """The bundle with another file of this name that bundle.json vouches for."""
    text = json.dumps(value)
    (folder / name).write_text(text)
    path = folder / "bundle.json"
    description = json.loads(path.read_text())
    description["files"][name] = sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(description))
    return folder
