import polars as pl

from features import schema
from pipeline.panel_masks import panel_masks
from tests.models.builders import make_labels


def make_masks(labels: pl.DataFrame) -> pl.DataFrame:
    """All of block one lack a column, some of them another; block two lacks nothing."""
    rows = [
        (
            account,
            block,
            3,
            (["created_at"] + ["bio"] * (number % 2)) * (block == "one"),
            ["client"] * (block == "one"),
        )
        for number, (account, block) in enumerate(
            labels.select("account_id", "block").iter_rows()
        )
    ]
    frame = pl.DataFrame(
        rows,
        schema=["account_id", "block", "posts_kept", "masked_accounts", "masked_posts"],
        orient="row",
    )
    return frame.cast(
        dict.fromkeys(("masked_accounts", "masked_posts"), schema.STRINGS)
    )


def with_panel() -> tuple[pl.DataFrame, pl.DataFrame]:
    chosen = (pl.col("label") == 0) & pl.col("account_id").str.ends_with("5")
    labels = make_labels(("one", "two", "three")).with_columns(
        slice=pl.when(chosen).then(pl.lit("fandom"))
    )
    observed = labels.select("account_id", n_posts=pl.lit(40, pl.Int64))
    return labels, observed


def test_the_panel_lacks_what_its_whole_block_lacks() -> None:
    labels, observed = with_panel()
    masks = make_masks(labels.filter(pl.col("slice").is_null()))

    found = panel_masks(observed, labels, masks)

    assert found.height == labels["slice"].count()
    assert set(found["posts_kept"]) == {40}
    one = found.filter(block="one")
    assert one["masked_accounts"].to_list() == [["created_at"]] * one.height
    assert one["masked_posts"].to_list() == [["client"]] * one.height
    others = found.filter(pl.col("block") != "one")
    assert others["masked_accounts"].list.len().sum() == 0
    assert others["masked_posts"].list.len().sum() == 0
    assert found.schema["masked_accounts"] == schema.STRINGS


def test_without_a_panel_there_is_nothing() -> None:
    labels, observed = with_panel()
    nobody = labels.with_columns(slice=pl.lit(None, pl.String))

    assert panel_masks(observed, nobody, make_masks(nobody)).is_empty()
