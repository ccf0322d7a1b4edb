"""A deletion request: the account is gone from every table, and does not come back."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from features import schema
from features.errors import InputError
from pipeline import forget as command
from pipeline.counts import faults
from pipeline.forgotten import Forgotten, blanked, list_path
from pipeline.ingest import ingest
from tests.pipeline.conftest import TinyWorld, read_posts
from tests.pipeline.sources.archives import make_source, write_csv


@pytest.fixture
def world(
    tiny_world: TinyWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A copy of the tiny world as `data/demo`, in the working directory."""
    data = tmp_path / "data" / "demo"
    shutil.copytree(
        tiny_world.folder, data, ignore=shutil.ignore_patterns("raw", "truth.parquet")
    )
    (data / "raw").symlink_to(tiny_world.folder / "raw")
    scores = tmp_path / "artifacts" / "demo" / "scores.parquet"
    scores.parent.mkdir(parents=True)
    accounts = pl.read_parquet(data / "canonical" / "accounts.parquet")
    accounts.select("account_id").write_parquet(scores)
    (tmp_path / "params.yaml").write_text(json.dumps(tiny_world.params))
    monkeypatch.chdir(tmp_path)
    return data


@pytest.fixture
def account(world: Path) -> str:
    """An account with posts of its own that others name as their target."""
    posts = read_posts(world / "canonical")
    owners = posts["account_id"].unique().implode()
    named = posts.filter(
        pl.col("target_account_id").is_in(owners)
        & (pl.col("target_account_id") != pl.col("account_id"))
    )
    return str(named["target_account_id"].sort()[0])


def run(account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["forget", "--world", "demo", "--account", account]
    monkeypatch.setattr("sys.argv", arguments)
    command.main()


def holding(base: Path, identifier: str) -> list[str]:
    """Files with the id in a cell or, where they are text, anywhere."""
    found = []
    for path in sorted(base.rglob("*")):
        if "raw" in path.parts or not path.is_file():
            continue
        text = path.read_bytes()
        if path.suffix == ".parquet":
            text = pl.read_parquet(path).write_ndjson().encode()
        if identifier.encode() in text:
            found.append(path.relative_to(base).as_posix())
    return found


def test_account_is_gone_from_every_file(
    world: Path,
    account: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    identifier = account.split("/", 1)[1]
    before = holding(Path(), identifier)
    heights = {path: pl.read_parquet(path).height for path in Path().rglob("*.parquet")}

    run(account, monkeypatch)

    assert len(before) > 8
    assert holding(Path(), identifier) == []
    lost = {
        path.parent.name: height - pl.read_parquet(path).height
        for path, height in heights.items()
        if path.name in ("accounts.parquet", "scores.parquet", "folds.parquet")
    }
    assert lost["canonical"] == 1
    assert lost["demo"] == 1
    said = capsys.readouterr().out
    assert identifier not in said
    assert "artifacts/demo/scores.parquet: 1 rows removed" in said
    assert "make repro WORLD=demo" in said


def test_the_next_ingest_gives_the_same_tables(
    world: Path,
    account: str,
    tiny_world: TinyWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(account, monkeypatch)
    removed = {
        table: pl.read_parquet(world / "canonical" / f"{table}.parquet")
        for table in ("accounts", "labels")
    }
    posts = read_posts(world / "canonical")
    canonical, report = world / "canonical", world / "ingest.json"

    forgotten = Forgotten.load(list_path("demo"))
    ingest(tiny_world.sources, world / "raw", canonical, report, forgotten=forgotten)

    for table, frame in removed.items():
        assert pl.read_parquet(canonical / f"{table}.parquet").equals(frame)
    assert read_posts(canonical).equals(posts)
    counted = json.loads(report.read_text())
    assert counted["totals"]["rejected"]["forgotten"] > 1
    assert faults(counted, canonical) == []
    assert account.split("/", 1)[1] not in list_path("demo").read_text()


def test_references_and_raw_rows_lose_it_in_ingest(tmp_path: Path) -> None:
    posts = [
        {
            "account_id": owner,
            "kind": "reply",
            "post_id": f"9{owner}",
            "target_account_id": target,
            "target_post_id": "5",
            "mentions": json.dumps(["Gone", "other"]),
            "text": "RT @Gone: see @77, not @77777 or @gone+ @gone",
        }
        for owner, target in (("1", "77"), ("2", "@gone"), ("3", "1"), ("77", "1"))
    ]
    write_csv(tmp_path / "p.csv", [*posts, posts[3], posts[2] | {"kind": "x 77 y"}])
    accounts = [{"account_id": str(n)} for n in (1, 2, 3, 77)]
    write_csv(tmp_path / "a.csv", accounts)
    source = make_source("canonical", {"accounts": ["a.csv"], "posts": ["p.csv"]})
    forgotten = Forgotten().with_names({"77", "gone"})

    ingest(
        [source],
        tmp_path,
        tmp_path / "canonical",
        tmp_path / "r.json",
        forgotten=forgotten,
    )

    kept = read_posts(tmp_path / "canonical")
    assert kept.select("account_id", "target_account_id", "target_post_id").rows() == [
        ("src/1", None, None),
        ("src/2", None, None),
        ("src/3", "src/1", "5"),
    ]
    text = "RT @forgotten: see @forgotten, not @77777 or @gone+ @forgotten"
    assert kept["text"].unique().to_list() == [text]
    assert kept["mentions"].to_list() == [["other"]] * 3
    rejected = pl.read_parquet(tmp_path / "canonical" / "rejected.parquet")
    assert rejected.select("file", "row", "rule", "raw").rows() == [
        ("a.csv", 5, "forgotten", ""),
        ("p.csv", 5, "forgotten", ""),
        ("p.csv", 6, "duplicate_identical", ""),
        ("p.csv", 7, "kind_unknown", ""),
    ]
    report = json.loads((tmp_path / "r.json").read_text())
    assert faults(report, tmp_path / "canonical") == []


_GONE = "gone.bsky.social"
_ACCOUNTS = [
    {"account_id": "did:plc:gone", "handle": _GONE, "bio": "me", "url": ""},
    {
        "account_id": "1",
        "handle": "one",
        "bio": f"with @{_GONE}. And @gone",
        "url": f"https://bsky.app/profile/{_GONE}",
    },
]
_POSTS = [
    {
        "account_id": "1",
        "kind": "original",
        "post_id": "5",
        "text": f"see https://bsky.app/profile/{_GONE}/post/3 or x.com/gone",
        "links": json.dumps(
            [f"https://bsky.app/profile/{_GONE}/post/3", "https://a.b"]
        ),
        "mentions": json.dumps(["did:plc:gone"]),
    }
]
_ACTIONS = [
    {"account_id": one, "kind": kind, "target_account_id": other, "at": at}
    for one, kind, other, at in (
        ("1", "block", "did:plc:gone", "2020-05-01 10:00"),
        ("did:plc:gone", "report", "1", "2020-05-01 10:00"),
        ("did:plc:gone", "no kind", "1", "2020-05-01 10:00"),
        ("1", "block", "2", "2020-05-01 10:00"),
        ("1", "report", "2", "for did:plc:gone"),
    )
]


def test_profiles_links_and_actions_lose_it_and_do_not_bring_it_back(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = tmp_path / "data" / "demo"
    for name, rows in (("a", _ACCOUNTS), ("p", _POSTS), ("x", _ACTIONS)):
        write_csv(data / "raw" / f"{name}.csv", rows)
    files = {"accounts": ["a.csv"], "posts": ["p.csv"], "actions": ["x.csv"]}
    source = make_source("canonical", files)
    declared = {"sources": {"demo": [source.model_dump(mode="json")]}}
    (tmp_path / "params.yaml").write_text(json.dumps(declared))
    monkeypatch.chdir(tmp_path)
    canonical, report = data / "canonical", data / "ingest.json"
    tables = ("accounts", "labels", "actions")

    ingest([source], data / "raw", canonical, report)
    assert len(holding(Path(), "gone")) == 5
    pl.DataFrame({"account_id": ["src/2"]}).write_parquet(data / "truth.parquet")
    run("did:plc:gone", monkeypatch)
    assert "data/demo/truth.parquet: what the simulator" in capsys.readouterr().out
    removed = {
        table: pl.read_parquet(canonical / f"{table}.parquet") for table in tables
    }
    posts = read_posts(canonical)
    forgotten = Forgotten.load(list_path("demo"))
    ingest([source], data / "raw", canonical, report, forgotten=forgotten)

    for table, frame in removed.items():
        assert pl.read_parquet(canonical / f"{table}.parquet").equals(frame)
    assert read_posts(canonical).equals(posts)
    assert holding(Path(), "did:plc:gone") == holding(Path(), _GONE) == []
    assert removed["actions"]["target_account_id"].to_list() == ["src/2"]
    # Nobody in this world is called so, and another account may be.
    assert removed["accounts"]["bio"].to_list() == ["with @forgotten. And @gone"]
    assert posts["links"].to_list() == [
        ["https://bsky.app/profile/forgotten/post/3", "https://a.b"]
    ]
    assert faults(json.loads(report.read_text()), canonical) == []


def test_rejected_rows_lose_their_content_if_they_name_it() -> None:
    raws = [
        '{"account_id": "src/did:plc:Gone", "verdict": "authentic"}',
        '{"account_id": "src/did:plc:gone2", "verdict": "authentic"}',
    ]
    rejected = schema.empty("rejected").clear(len(raws))
    rejected = rejected.with_columns(raw=pl.Series(raws), detail=pl.lit("again"))

    left = blanked(rejected, Forgotten().with_names({"did:plc:gone"}))

    assert left.select("detail", "raw").rows() == [("", ""), ("again", raws[1])]
    assert blanked(rejected, Forgotten()).equals(rejected)


def test_an_unknown_account_is_kept_out_all_the_same(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("nobody-at-all", monkeypatch)
    first = Forgotten.load(list_path("demo"))
    run("somebody-else", monkeypatch)

    said = capsys.readouterr().out.splitlines()[-2:]
    assert said[0].startswith("no table of this world names the account: nothing is")
    assert said[1].startswith("data/demo/forgotten.json: 2 hashes; its own is one of")
    second = Forgotten.load(list_path("demo"))
    assert second.hashes > first.hashes
    assert second.salt == first.salt
    assert second.among(pl.Series(["nobody-at-all", "other", None])) == [
        "nobody-at-all"
    ]


@pytest.mark.parametrize("account", ["", "  "])
def test_an_empty_id_is_refused_and_takes_nothing_away(
    world: Path, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = {path: path.read_bytes() for path in Path().rglob("*.parquet")}

    with pytest.raises(InputError, match="--account is empty"):
        run(account, monkeypatch)

    assert {path: path.read_bytes() for path in Path().rglob("*.parquet")} == tables
    assert not list_path("demo").exists()


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '{"salt": "00"}',
        '{"salt": "zz", "hashes": []}',
        '{"salt": "00", "hashes": [1]}',
        '{"salt": 0, "hashes": []}',
    ],
)
def test_what_is_no_list_of_forgotten_accounts_is_named(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "forgotten.json"
    path.write_text(text)

    with pytest.raises(InputError, match=r"forgotten\.json: no list of forgotten"):
        Forgotten.load(path)


def test_a_damaged_table_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "demo").mkdir(parents=True)
    (tmp_path / "data" / "demo" / "labels.parquet").write_bytes(b"no parquet at all")

    with pytest.raises(InputError, match=r"data/demo/labels\.parquet: no Parquet"):
        command.forget("demo", "1", ["src"])


def test_an_unknown_account_asks_for_no_rerun_and_a_forgotten_one_does(
    world: Path,
    account: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said: dict[str, list[str]] = {}
    for name in ("nobody-at-all", account, account, account.split("/", 1)[1]):
        run(name, monkeypatch)
        said.setdefault(name, []).append(capsys.readouterr().out)

    ((unknown,), (first, again), (plain,)) = said.values()
    assert "to rerun" not in unknown
    assert "still there" not in unknown
    assert "rows removed" in first
    for text in (again, plain):
        assert text.startswith("no table of this world names the account, which was")
    for text in (first, again, plain):
        assert "to rerun: ingest" in text
        assert "still there, for you to remove:" in text
