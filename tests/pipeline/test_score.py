"""The command from end to end on canonical files and on an archive."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.build import build_features
from features.coactivity import COACTIVITY
from features.population import Population
from models.calibrator import logit
from models.scorer import score
from pipeline import score_tables
from pipeline.canonical_posts import FOLDER, buckets
from pipeline.errors import SourceError
from pipeline.score import main
from pipeline.sources import DEFAULT_FILES, READERS
from pipeline.stage import run_stage
from tests.models.builders import LENIENT, rewritten
from tests.pipeline.conftest import TinyWorld, put_posts
from tests.pipeline.sources.archives import CONTROLS, make_source
from tests.pipeline.sources.people import golden
from tests.pipeline.sources.published import PUBLISHED

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def lenient(tiny_world: TinyWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of the world without limits: also accounts with a post are scored."""
    folder = tmp_path_factory.mktemp("lenient") / "bundle"
    shutil.copytree(tiny_world.folder / "bundle", folder)
    return rewritten(folder, "abstention.json", LENIENT.to_dict())


@pytest.fixture
def run(
    lenient: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run the command: exit code, stdout, stderr."""

    def command(*arguments: object) -> tuple[int, str, str]:
        given = [str(argument) for argument in arguments]
        if "--out" not in given:
            given += ["--out", str(tmp_path / "scores.parquet")]
        if "--bundle" not in given:
            given += ["--bundle", str(lenient)]
        monkeypatch.setattr(sys, "argv", ["score", *given])
        capsys.readouterr()
        code = 0
        try:
            run_stage(main)
        except SystemExit as end:
            code = int(end.code or 0)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return command


@pytest.fixture(scope="session")
def tables(tiny_world: TinyWorld) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Some accounts of the world, whole and canonical, under their plain ids."""
    accounts = tiny_world.table("canonical/accounts").gather_every(29).head(24)
    posts = tiny_world.table("canonical/posts").join(
        accounts.select("account_id"), on="account_id", how="semi"
    )
    plain = pl.col("account_id").str.replace(r"^[^/]*/", "")
    return accounts.with_columns(plain).sort("account_id"), posts.with_columns(plain)


def as_csv(frame: pl.DataFrame, path: Path) -> Path:
    """The table as CSV: lists are JSON, times state their zone."""
    lists = [
        pl.col(name)
        .map_elements(
            lambda cell: json.dumps(cell.to_list(), ensure_ascii=False), pl.String
        )
        .alias(name)
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.List)
    ]
    frame.with_columns(lists).write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S%.3fZ")
    return path


def write(tables, folder: Path, form: str) -> list[object]:
    folder.mkdir(exist_ok=True)
    given: list[object] = []
    for kind, frame in zip(("accounts", "posts"), tables, strict=True):
        path = folder / f"{kind}.{form}"
        if form == "csv":
            as_csv(frame, path)
        else:
            frame.write_parquet(path)
        given += [f"--{kind}", path]
    return given


def expected(tiny_world: TinyWorld, tables) -> pl.DataFrame:
    scores = score(tiny_world.bundle, *tables)
    return pl.DataFrame(
        {
            "account_id": scores.values["account_id"],
            "bot_probability": scores.probabilities,
        }
    )


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("size", [1, 7, 24])
def test_files_of_any_size_and_form_give_the_same_bits(
    form: str, size: int, run: Run, tables, tiny_world: TinyWorld, tmp_path: Path
) -> None:
    accounts, posts = tables
    starts = range(0, accounts.height, size) if size > 1 else range(3)
    parts = []
    for start in starts:
        some = accounts[start : start + size]
        own = posts.join(some.select("account_id"), on="account_id", how="semi")
        code, _, error = run(*write((some, own), tmp_path / f"{start}", form))
        assert (code, error) == (0, "")
        parts.append(pl.read_parquet(tmp_path / "scores.parquet"))

    found = pl.concat(parts)

    whole = expected(tiny_world, tables).head(found.height)
    assert found.select("account_id", "bot_probability").equals(whole)


def test_accounts_with_few_posts_abstain_and_the_others_have_an_interval(
    run: Run, tables, tiny_world: TinyWorld, tmp_path: Path
) -> None:
    accounts, posts = tables
    cut = accounts["account_id"][:3]
    few = pl.col("account_id").is_in(cut.implode())
    nth = pl.int_range(pl.len()).over("account_id")
    given = accounts, posts.filter(~few | (nth < 4))

    code, out, _ = run(
        *write(given, tmp_path / "in", "parquet"),
        *("--bundle", tiny_world.folder / "bundle"),
    )

    assert code == 0
    table = pl.read_parquet(tmp_path / "scores.parquet")
    reasons = dict(table.select("account_id", "reason").iter_rows())
    assert {reasons[account] for account in cut} == {"too_few_posts"}
    scored = table.filter(outcome="scored")
    assert scored.height
    assert f"{scored.height} accounts scored" in out
    low, middle, high = (
        scored[name].to_numpy()
        for name in ("interval_low", "bot_probability", "interval_high")
    )
    assert ((low < middle) & (middle < high)).all()
    left = table.filter(outcome="abstained")
    for name in ("bot_probability", "interval_low", "interval_high"):
        assert left[name].null_count() == left.height


def test_written_columns_add_up(run: Run, tables, tmp_path: Path) -> None:
    code, out, _ = run(*write(tables, tmp_path / "in", "parquet"), "--prevalence", 0.2)

    table = pl.read_parquet(tmp_path / "scores.parquet")
    assert code == 0
    assert "24 accounts scored, 0 abstained" in out
    assert "trained on a simulated world: not for real accounts" in out
    assert set(table["prevalence"]) == {0.2}
    parts = pl.sum_horizontal("base", "prevalence_shift", "^contribution_.*$")
    total = table.select(parts).to_series().to_numpy()
    served = logit(table["bot_probability"].to_numpy())
    np.testing.assert_allclose(total, served, atol=1e-6)


def test_a_prevalence_moves_every_logit_alike(run: Run, tables, tmp_path: Path) -> None:
    given = write(tables, tmp_path / "in", "parquet")
    logits = []
    for share in (0.05, 0.5):
        run(*given, "--prevalence", share)
        table = pl.read_parquet(tmp_path / "scores.parquet")
        logits.append(logit(table["bot_probability"].to_numpy()))

    np.testing.assert_allclose(
        logits[1] - logits[0], float(logit(0.5) - logit(0.05)), atol=1e-9
    )


def test_posts_may_be_missing(run: Run, tables, tmp_path: Path) -> None:
    given = write(tables, tmp_path / "in", "parquet")[:2]

    code, _, _ = run(*given)

    assert code == 0
    assert pl.read_parquet(tmp_path / "scores.parquet").height == 24


def test_a_whole_history_counts_account_by_account(
    run: Run, tables, tiny_world: TinyWorld, tmp_path: Path
) -> None:
    accounts, posts = tables
    mixed = accounts.with_columns(
        history_complete=pl.Series([True, False, None] * 8, dtype=pl.Boolean)
    )

    run(*write((mixed, posts), tmp_path / "in", "csv"))

    found = pl.read_parquet(tmp_path / "scores.parquet")
    whole = expected(tiny_world, (mixed, posts))
    assert found["bot_probability"].equals(whole["bot_probability"])


def test_an_account_without_evidence_has_no_number(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("account_id,as_of,handle\n7,2021-01-01T00:00:00Z,someone\n")

    code, out, _ = run("--accounts", path)

    (row,) = pl.read_parquet(tmp_path / "scores.parquet").rows(named=True)
    assert code == 0
    assert "0 accounts scored, 1 abstained" in out
    assert (row["outcome"], row["reason"]) == ("abstained", "no_evidence")
    numbers = ("bot_probability", "interval_low", "base", "prevalence_shift")
    assert all(row[name] is None for name in numbers)
    assert all(row[name] is None for name in row if name.startswith("contribution_"))


GOOD = "account_id,as_of,followers\n7,2021-01-01T00:00:00Z,5\n"


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("", (), "accounts.csv is empty"),
        ("account_id,as_of\n", (), "give one for all with --as-of"),
        ("as_of\n2021-01-01T00:00:00Z\n", (), "column account_id is missing"),
        ("account_id,followers\n7,5\n", (), "no column as_of.*--as-of"),
        (GOOD, ("--as-of", "2021-01-01"), "no zone"),
        (GOOD, ("--as-of", "yesterday"), "not a time"),
        (GOOD, ("--prevalence", "0"), "between 0 and 1"),
        (GOOD, ("--prevalence", "1"), "between 0 and 1"),
        (GOOD, ("--prevalence", "nan"), "between 0 and 1"),
        (GOOD, ("--posts", "nowhere.csv"), "nowhere.csv: no such file"),
        (GOOD, ("--population", "x.parquet"), "--population x.parquet: no file"),
        (GOOD, ("--population-actions", "x.csv"), "--population is missing"),
        (GOOD, ("--out", "scores.csv"), "name a Parquet file"),
        (GOOD.replace("as_of", "as_of,label").replace("01-01T", "01-01T"), (), "label"),
        (
            "account_id,as_of\n1.01421E+18,2021-01-01T00:00:00Z\n",
            (),
            "rounded numbers.*spreadsheet",
        ),
        ("account_id,as_of\n7,2021-01-01 10:00:00\n", (), "with a zone.*--as-of"),
    ],
)
def test_what_cannot_be_scored_is_said_without_a_traceback(
    text: str, arguments: tuple[str, ...], message: str, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(text)

    code, _, error = run("--accounts", path, *arguments)

    assert code == 1
    assert error.startswith("error: ")
    assert len(error.splitlines()) == 1

    assert re.search(message, error), error
    assert not (tmp_path / "scores.parquet").exists()


@pytest.mark.parametrize(
    ("bad", "rule", "shown"),
    [
        ("8,2021-01-01T00:00:00,5", "time_without_zone", ["7", "8", "9"]),
        (
            "1.01421E+18,2021-01-01T00:00:00Z,5",
            "id_destroyed",
            ["1.01421E+18", "7", "9"],
        ),
        ('8,"2021-01-01T00:00:00Z,5', "broken_quote", ["7", "9", None]),
        ("8,2021-01-01T00:00:00Z", "field_count", ["7", "9", None]),
        (",2021-01-01T00:00:00Z,5", "no_id", ["7", "9", None]),
        ("7,2021-01-01T00:00:00Z,5", "duplicate_identical", ["7", "9"]),
        ("7,2021-01-01T00:00:00Z,6", "duplicate_conflict", ["7", "9"]),
        ("7,2021-01-01T00:00:00,5", "time_without_zone", ["7", "9"]),
    ],
)
def test_a_bad_row_is_rejected_by_name_and_the_rest_is_scored(
    bad: str, rule: str, shown: list[str | None], run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(f"{GOOD}9,2021-01-01T00:00:00Z,5\n{bad}\n")

    code, out, error = run("--accounts", path)

    assert (code, error) == (0, "")
    assert f"1 row(s) rejected, {rule}: the first in accounts/accounts.csv" in out
    assert f"2 accounts scored, 0 abstained, {len(shown) - 2} rejected" in out
    found = pl.read_parquet(tmp_path / "scores.parquet")
    assert found["account_id"].to_list() == shown
    refused = found.filter(outcome="rejected")
    assert refused["reason"].to_list() == [rule] * (len(shown) - 2)
    said = ["account_id", "outcome", "reason"]
    assert all(set(row) <= {None} for row in refused.drop(said).rows())


def test_rejected_accounts_stand_in_order_among_parts(
    run: Run, tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts, posts = tables
    late = accounts.with_row_index().with_columns(
        created_at=pl.when(pl.col("index") % 3 == 1)
        .then(pl.col("as_of") + pl.duration(days=2))
        .otherwise("created_at")
    )
    given = write((late.drop("index"), posts), tmp_path / "in", "parquet")
    _, out, _ = run(*given)
    whole = pl.read_parquet(tmp_path / "scores.parquet")
    at_once = (tmp_path / "scores.parquet").read_bytes()

    monkeypatch.setattr(score_tables, "_POSTS_PER_PART", 50)
    _, parted, _ = run(*given)

    assert parted.count("accounts read") > 4
    assert (tmp_path / "scores.parquet").read_bytes() == at_once
    monkeypatch.setattr(score_tables, "_ACCOUNTS_HELD", 5)
    run(*given)
    assert pl.read_parquet(tmp_path / "scores.parquet").equals(whole)
    assert whole["account_id"].to_list() == accounts["account_id"].to_list()
    assert whole.filter(outcome="rejected")["reason"].to_list() == ["time_order"] * 8
    assert "16 accounts scored, 0 abstained, 8 rejected" in out


def test_a_rejected_post_is_no_account(run: Run, tables, tmp_path: Path) -> None:
    accounts, posts = tables
    stray = posts.head(3).with_columns(account_id=pl.lit("nobody"))

    _, out, _ = run(
        *write((accounts, pl.concat([posts, stray])), tmp_path / "in", "csv")
    )

    assert "3 row(s) rejected, no_account" in out
    assert "24 accounts scored, 0 abstained, 0 rejected" in out


def test_an_unknown_format_is_refused(run: Run) -> None:
    code, _, error = run("--format", "nonsense", "--path", ".")

    assert code == 2
    assert "twitter_io" in error


@pytest.mark.parametrize("arguments", [(), ("--format", "twitter_io")])
def test_what_to_score_must_be_named(arguments: tuple[str, ...], run: Run) -> None:
    code, _, error = run(*arguments)

    assert code == 1
    assert "--accounts is missing" in error or "--as-of" in error


def test_an_archive_is_scored_with_its_usual_names_or_given_ones(
    run: Run, tiny_world: TinyWorld, tmp_path: Path
) -> None:
    raw = tmp_path / "archive"
    raw.mkdir()
    for kind in ("users", "tweets"):
        name = f"harbour_{kind}_csv_hashed.csv"
        (raw / name).symlink_to(tiny_world.folder / "raw" / name)
    archive = ("--format", "twitter_io", "--path", raw)
    moment = ("--as-of", "2021-01-01T00:00:00Z")
    files = ("--file", "accounts=harbour_users*", "--file", "posts=harbour_tweets*")

    first, _, _ = run(*archive, *moment)
    usual = pl.read_parquet(tmp_path / "scores.parquet")
    second, _, _ = run(*archive, *files, *moment)
    named = pl.read_parquet(tmp_path / "scores.parquet")

    assert (first, second) == (0, 0)
    assert usual.equals(named)
    labels = tiny_world.table("labelled/labels").filter(campaign="harbour")
    assert usual.height == labels.height
    assert not usual["account_id"].str.starts_with("scored/").any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--path", "nowhere"), "nowhere: no such folder"),
        (("--path", "."), "no file named as twitter_io names them"),
        (("--path", ".", "--file", "accounts"), "write KIND=PATTERN"),
        (
            ("--path", ".", "--file", "users=*.csv"),
            "needs key(s) accounts; found users",
        ),
        (("--path", ".", "--file", "accounts=*.none"), "no file matches"),
        (("--accounts", "a.csv"), "named by --path and --file"),
    ],
)
def test_an_archive_that_is_not_there_is_said(
    arguments: tuple[str, ...],
    message: str,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    code, _, error = run(
        "--format", "twitter_io", "--as-of", "2021-01-01T00:00:00Z", *arguments
    )

    assert code == 1
    assert message in error


def test_every_format_has_usual_names() -> None:
    assert set(DEFAULT_FILES) == set(READERS)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_format_is_scored_by_its_usual_names(
    name: str, run: Run, tmp_path: Path
) -> None:
    people, posts = golden()
    raw = tmp_path / "archive"
    PUBLISHED[name].write(raw, people, posts)

    code, out, error = run(
        *("--format", name.split("-")[0], "--path", raw),
        *("--as-of", "2022-01-01T00:00:00Z"),
    )

    assert (code, error) == (0, "")
    assert ", 0 rejected" in out
    scores = pl.read_parquet(tmp_path / "scores.parquet")
    assert scores.height == len(people)
    known = scores.filter(outcome="scored")
    # One or two texts without their time, and nothing else, are no evidence.
    assert known.height == (0 if name == "pan2019" else len(people))
    assert known["bot_probability"].is_between(0, 1, closed="none").all()


def test_accounts_without_labels_are_scored_and_never_trained_on(
    run: Run, tmp_path: Path
) -> None:
    raw = tmp_path / "archive"
    raw.mkdir()
    account = {"ID": "5", "profile": None, "tweet": ["hello there"], "neighbor": None}
    (raw / "support.json").write_text(json.dumps([account]))
    given = ("--format", "twibot20", "--path", raw, "--as-of", "2022-01-01T00:00:00Z")

    code, out, _ = run(*given)

    assert (code, ", 0 rejected" in out) == (0, True)
    source = make_source("twibot20", {"accounts": ["support.json"]}, controls=CONTROLS)
    with pytest.raises(SourceError, match="no account has a label"):
        READERS["twibot20"](source, raw)


@pytest.mark.parametrize(
    ("account", "arguments", "message"),
    [
        ({"account_id": "7", "followers": 5}, (), "no column as_of"),
        (
            {"account_id": "7", "label": 1},
            ("--as-of", "2022-01-01T00:00:00Z"),
            "column label is for training",
        ),
    ],
)
def test_canonical_lines_that_cannot_be_scored(
    account: dict[str, object],
    arguments: tuple[str, ...],
    message: str,
    run: Run,
    tmp_path: Path,
) -> None:
    path = tmp_path / "accounts.jsonl"
    path.write_text(json.dumps(account))

    code, _, error = run("--accounts", path, *arguments)

    assert code == 1
    assert message in error


def test_the_command_runs_as_a_process(root: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pipeline.score", "--bundle", "none"),
            *("--accounts", "a.csv", "--out", str(tmp_path / "s.parquet")),
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("error: none/bundle.json: missing")


def test_co_activity_stands_beside_the_score_where_a_population_is_given(
    run: Run, tables, tmp_path: Path
) -> None:
    accounts, posts = tables
    accounts = accounts.with_columns(pl.col("as_of").max())
    given = write((accounts, posts), tmp_path / "given", "parquet")
    around = write((accounts, posts), tmp_path / "around", "csv")
    actions = tmp_path / "actions.csv"
    who = accounts["account_id"][0]
    rows = [f"{who},report,r{n},2010-01-01T00:00:00Z" for n in range(5)]
    rows += [f"someone,report,r{n},2010-01-01T00:00:00Z" for n in range(3)]
    rows += ["someone,report,,2010-01-01T00:00:00Z"]
    actions.write_text("\n".join(["account_id,kind,target_account_id,at", *rows]))

    _, plain, _ = run(*given)
    without = pl.read_parquet(tmp_path / "scores.parquet")
    code, out, error = run(
        *given,
        "--population",
        around[3],
        "--population-accounts",
        around[1],
        "--population-actions",
        actions,
    )

    assert (code, error) == (0, "")
    assert "1 row(s) of actions.csv rejected, value_missing" in out
    assert f"{accounts.height + 1} accounts around" in out
    found = pl.read_parquet(tmp_path / "scores.parquet")
    names = [f.name for f in COACTIVITY]
    assert found.columns == [*without.columns, *names]
    # The model does not read them.
    assert found.select(without.columns).equals(without)
    built = build_features(
        accounts,
        posts,
        None,
        COACTIVITY,
        Population.of(posts, accounts, as_of=accounts["as_of"].max()),
    )
    same = [name for name in names if not name.endswith(("report_ratio",))]
    assert found.select("account_id", *same).equals(built.select("account_id", *same))
    assert found["coactivity_report_ratio"].is_not_null().to_list() == [
        account == who for account in found["account_id"]
    ]
    assert plain.splitlines()[-1] == out.splitlines()[-1]


def test_a_population_is_not_cut_for_accounts_of_several_moments(
    run: Run, tables, tmp_path: Path
) -> None:
    accounts, posts = tables
    later = pl.duration(minutes=pl.int_range(pl.len()))
    moved = accounts.with_columns(pl.col("as_of").max() + later)
    given = write((moved, posts), tmp_path / "given", "parquet")
    around = write(tables, tmp_path / "around", "csv")

    code, _, error = run(*given, "--population", around[3])

    assert code == 1
    assert f"have {accounts.height} moments (as_of)" in error
    assert "give one for all with --as-of" in error
    assert not (tmp_path / "scores.parquet").exists()

    moment = accounts["as_of"].max().isoformat()
    code, _, error = run(*given, "--population", around[3], "--as-of", moment)

    assert (code, error) == (0, "")


def test_the_share_of_a_batch_is_told_with_its_warning(
    run: Run, tiny_world: TinyWorld, tmp_path: Path
) -> None:
    accounts, posts = (
        tiny_world.table(f"canonical/{name}") for name in ("accounts", "posts")
    )
    accounts.write_parquet(tmp_path / "a.parquet")
    posts.write_parquet(tmp_path / "p.parquet")
    given = ("--accounts", tmp_path / "a.parquet", "--posts", tmp_path / "p.parquet")

    said = {p: run(*given, "--prevalence", p)[1] for p in (0.05, 0.5)}

    told = {
        p: re.search(r"estimated: (\S+) \[(\S+), (\S+)\]; right only if", text)
        for p, text in said.items()
    }
    assert told[0.05] and told[0.5]  # noqa: PT018
    # What is assumed of the batch does not decide what is found in it.
    assert told[0.05].groups() == told[0.5].groups()
    share, low, high = map(float, told[0.5].groups())
    positives = tiny_world.table("labelled/labels")["label"].mean()
    assert low <= share <= high
    assert share == pytest.approx(positives, abs=0.15)


def test_of_a_handful_no_share_is_told(run: Run, tables, tmp_path: Path) -> None:
    _, said, _ = run(*write(tables, tmp_path, "parquet"))

    assert "estimated" not in said


def test_posts_may_be_a_folder_of_buckets(run: Run, tables, tmp_path: Path) -> None:
    accounts = tables[0].with_columns(pl.col("as_of").max())
    given = write((accounts, tables[1]), tmp_path, "parquet")
    put_posts(tables[1], tmp_path, 100)
    folder = tmp_path / FOLDER
    assert len(buckets(folder)) > 4

    found = []
    for posts in (given[3], folder):
        code, _, error = run(*given[:3], posts, "--population", posts)
        assert (code, error) == (0, "")
        found.append((tmp_path / "scores.parquet").read_bytes())

    assert found[0] == found[1]
    buckets(folder)[1].unlink()
    for arguments in (
        (*given[:3], folder),
        (*given, "--population", folder),
    ):
        code, _, error = run(*arguments)
        assert code == 1
        assert re.match(r"error: .*bucket-0001-of-\d+.parquet: missing", error)
