from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features import schema
from pipeline.declared import label_accounts, list_campaigns
from pipeline.files import read_json
from pipeline.label import LabelParams, label
from pipeline.sources.source import Source
from pipeline.streaming import LABELS
from pipeline.verdicts import no_verdicts
from tests.pipeline.conftest import TinyWorld, put_posts
from tests.pipeline.sources.archives import CONTROLS, POSITIVES, make_source


def given(source: str, label: int, count: int, group: str | None = None) -> Any:
    rows = [(f"{source}/{n}", source, label, group) for n in range(count)]
    return pl.DataFrame(rows, schema=LABELS, orient="row")


def release(name: str, **positives: Any) -> Source:
    return make_source(
        "twitter_io", {}, name=name, positives=POSITIVES | positives, controls=None
    )


def test_labels_are_what_the_source_declares() -> None:
    moment = "2020-06-12T00:00:00Z"
    source = release("r", campaign="spring", operator="op", disclosed_at=moment)
    people = make_source("twitter_io", {}, name="p", positives=None, controls=CONTROLS)

    labels = label_accounts(
        pl.concat([given("r", 1, 2), given("p", 0, 1)]), [source, people], {}
    )

    assert labels.equals(schema.check(labels, "labels"))
    control, positive, _ = labels.rows(named=True)
    assert positive["campaign"] == "spring"
    assert positive["operator"] == positive["block"] == "op"
    assert positive["disclosed_at"] == datetime(2020, 6, 12, tzinfo=UTC)
    assert (control["label"], control["source"]) == (0, "people")
    assert control["block"] == "op"
    assert control["campaign"] is None
    assert control["operator"] is None


def test_a_format_may_name_the_campaigns() -> None:
    rows = pl.concat([given("r", 1, 1, "Left_Troll")])

    labels = label_accounts(rows, [release("r", campaign=None)], {})

    assert labels["campaign"].to_list() == ["r_left_troll"]


def test_controls_are_shared_out_in_the_shares_declared() -> None:
    shares = {"a": 0.5, "b": 0.3, "c": 0.2}
    people = make_source(
        "twitter_io",
        {},
        name="p",
        positives=None,
        controls=CONTROLS | {"blocks": shares},
    )
    n = 4_000

    blocks = label_accounts(given("p", 0, n), [people], {})["block"]

    for name, share in shares.items():
        # Four standard deviations.
        found = blocks.to_list().count(name) / n
        assert abs(found - share) < 4 * (share / n) ** 0.5


def test_where_a_control_goes_depends_on_its_id_alone() -> None:
    people = make_source(
        "twitter_io",
        {},
        name="p",
        positives=None,
        controls=CONTROLS | {"blocks": {"a": 0.5, "b": 0.5}},
    )
    few, many = (label_accounts(given("p", 0, n), [people], {}) for n in (5, 50))

    assert few.equals(many.join(few.select("account_id"), on="account_id", how="semi"))


def test_campaigns_of_one_operator_keep_their_own_declaration() -> None:
    sources = [
        release("r", campaign="first"),
        release("s", campaign="second", in_headline=False, reason="one class only"),
    ]
    labels = label_accounts(
        pl.concat([given("r", 1, 2), given("s", 1, 3)]), sources, {}
    )

    first, second = list_campaigns(labels, sources)

    assert (first["in_headline"], first["reason"]) == (True, None)
    assert (second["in_headline"], second["reason"]) == (False, "one class only")
    assert [first["accounts"], second["accounts"]] == [2, 3]


def test_a_campaign_of_two_releases_stands_there_once() -> None:
    sources = [
        release("r", campaign="same", disclosed_at="2020-01-01T00:00:00Z"),
        release("s", campaign="same", kind="expert", in_headline=False, reason="why"),
    ]
    labels = label_accounts(
        pl.concat([given("r", 1, 2), given("s", 1, 3)]), sources, {}
    )

    (campaign,) = list_campaigns(labels, sources)

    assert campaign["accounts"] == 5
    assert campaign["kinds"] == ["expert", "platform"]
    assert campaign["disclosed_at"].startswith("2020-01-01")
    assert (campaign["in_headline"], campaign["reason"]) == (False, "why")


def test_the_stage_writes_a_label_and_a_mask_an_account(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    labels = tiny_world.table("labelled/labels")
    masks = tiny_world.table("labelled/masks")

    assert labels["account_id"].equals(masks["account_id"])
    assert labels["account_id"].is_sorted()
    accounts = tiny_world.table("canonical/accounts")["account_id"]
    assert set(labels["account_id"]) == set(accounts)
    declared = {row["name"]: row for row in tiny_world.json("labelled/campaigns")}
    assert set(declared) == set(labels["campaign"].drop_nulls())
    assert sum(row["accounts"] for row in declared.values()) == labels["label"].sum()


def test_an_account_of_both_classes_is_left_out_and_shown(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    tables = {t: tiny_world.table(f"canonical/{t}") for t in ("accounts", "posts")}
    tables["labels"] = tiny_world.table("canonical/labels")
    named = tables["labels"]["account_id"]
    taken = named.filter(named.str.starts_with("harbour/"))[0]
    control = named.filter(named.str.starts_with("ordinary_atelier/"))[0]
    twin = taken.replace("harbour/", "ordinary_atelier/")
    for name, table in tables.items():
        renamed = table.with_columns(pl.col("account_id").replace(control, twin))
        if name == "posts":
            put_posts(renamed, tmp_path)
        else:
            renamed.sort("account_id").write_parquet(tmp_path / f"{name}.parquet")
    params = LabelParams.model_validate(tiny_world.params["label"])

    report = label(
        tmp_path, tiny_world.sources, params, no_verdicts(), tmp_path / "out"
    )

    labels = pl.read_parquet(tmp_path / "out" / "labels.parquet")["account_id"]
    conflicts = pl.read_parquet(tmp_path / "out" / "conflicts.parquet")
    masks = pl.read_parquet(tmp_path / "out" / "masks.parquet")["account_id"]
    assert set(conflicts["account_id"]) == {taken, twin}
    assert set(named) - set(labels) == {taken, control}
    assert labels.equals(masks)
    assert report["accounts"]["left_out"] == 2
    assert read_json(tmp_path / "out" / "report.json") == report


def test_campaigns_may_have_a_role() -> None:
    sources = [release("r", campaign="first"), release("s", campaign="second")]
    rows = pl.concat([given("r", 1, 1), given("s", 1, 1)])

    labels = label_accounts(rows, sources, {"second": "core"})

    assert labels["role"].to_list() == [None, "core"]


@pytest.mark.parametrize("slice_", ["fandom", "newsroom_feed"])
def test_look_alikes_are_in_every_block(slice_: str, tiny_world: TinyWorld) -> None:
    rows = tiny_world.table("labelled/labels").filter(slice=slice_)

    assert set(rows["label"]) == {0}
    assert rows["block"].n_unique() > 1
