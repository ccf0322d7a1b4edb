"""The report is one page that stands alone, in the order in which it is to be read."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from features.errors import ArtefactError
from models.coverage import SERVED_RECALL
from pipeline import charts
from pipeline.agreement import AGREEMENT, SOURCE
from pipeline.evaluate import EvaluateParams
from pipeline.files import read_json, write_json
from pipeline.markup import Html
from pipeline.report_headline import headline
from pipeline.report_limits import audit, others
from pipeline.report_page import main, report
from pipeline.report_words import told
from tests.pipeline.conftest import TinyWorld
from tests.pipeline.test_data_report import EVIL, read

ORDER = (
    "Unseen takedowns",
    "Gates",
    "Campaigns",
    "Forward in time",
    "Few false alarms",
    "Lines as aims",
    "Calibration on unseen operators",
    "The surest answers",
    "Look-alikes",
    "Slices",
    "Amount of evidence",
    "Wrong labels",
    "Suspected label errors",
    "Trivial baselines",
    "Audits",
    "Confounds and limits",
    "Not to be quoted: a random split",
)


def made(
    world: TinyWorld,
    details: dict[str, Any],
    metrics: dict[str, Any] | None = None,
    name: str = "demo",
) -> Html:
    params = EvaluateParams.model_validate(world.params["evaluate"])
    return report(name, world.metrics | (metrics or {}), details, None, params)


def words(html: str) -> str:
    return " ".join(read(re.sub("<style>.*?</style>", "", html)).words)


@pytest.fixture(scope="module")
def page(tiny_world: TinyWorld, tiny_details: dict[str, Any]) -> Html:
    return made(tiny_world, tiny_details)


def test_the_page_stands_alone(page: Html) -> None:
    reader = read(page)

    assert reader.fetching == []
    assert not {"script", "img", "link", "iframe", "object"} & set(reader.tags)
    assert "url(" not in page
    assert "@import" not in page


def test_it_is_in_the_order_of_the_decision(page: Html) -> None:
    shown = words(page)
    places = [shown.index(title) for title in ORDER]

    assert shown.index("SIMULATED") < places[0]
    assert places == sorted(places)


def test_every_table_names_its_rows_and_columns(page: Html) -> None:
    tables = re.findall(r"<table>.*?</table>", page)

    assert len(tables) > 15
    for table in tables:
        assert 'scope="col"' in table
        assert 'scope="row"' in table
    assert page.count("<svg role=") == page.count("<svg")
    assert 'aria-label=""' not in page


def test_what_was_measured_is_shown(
    page: Html, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    shown = words(page)

    for name, block in tiny_world.metrics["loco"]["campaigns"].items():
        row = tiny_details["campaigns"][name]["figures"]["auc"]
        assert f"{block['auc']:.3f} [{row['low']:.3f}, {row['high']:.3f}]" in shown
    for point in tiny_details["operating_points"]:
        assert point["aim"] in shown
        for row in point.get("alerts", []):
            assert f"{round(row['alerts']):,}" in shown
    for gate in tiny_world.metrics["gates"]:
        assert gate["code"] in shown
    for name in (*tiny_world.metrics["panel"], *tiny_world.metrics["baselines"]):
        assert name in shown


def test_worth_among_people_is_shown_by_campaign_and_slice(
    page: Html, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    changed = copy.deepcopy({k: v for k, v in tiny_details.items() if k != "folder"})
    point = copy.deepcopy(tiny_details["operating_points"][2])
    for at, row in enumerate(point["alerts"]):
        row |= {"alerts": 1111.0 * (at + 1), "ppv": 0.9 - at / 10}
        row |= {"ppv_low": 0.0625, "ppv_high": 0.9375, "npv": 0.9991 - at / 1000}
    changed["campaigns"]["gavel"]["point"] = point
    changed["slices"]["language"][0]["point"] = {"reason": "17 controls, 300 needed"}

    shown, before = words(made(tiny_world, changed)), words(page)

    assert "0.900 [0.062, 0.938] 0.800 [0.062, 0.938] 0.700 [0.062, 0.938]" in shown
    assert "0.9991 0.9981 0.9971 0.9961 1,111 2,222 3,333 4,444" in shown
    assert "1,111 2,222" not in before
    assert "52 controls, 300 needed" in before
    assert "17 controls, 300 needed" not in before
    assert "17 controls, 300 needed" in shown
    for kind in tiny_details["slices"]:
        title = f"Among 100,000 accounts, by {kind}"
        assert (title in before) is bool(tiny_details["slices"][kind])


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            {"measured": 5},
            "the curve asks for 5 or more. Accounts with some posts, but ",
        ),
        ({"measured": 5}, "fewer than 5, get no score. Within their intervals, the"),
        ({"measured": None}, "no number of posts keeps to that here."),
        (
            {"harmful": [5]},
            "with 5 surely more are. `calibrate.abstention.least_posts` ",
        ),
        ({"harmful": [5]}, "is too low."),
        (
            {"needless": [3, 4]},
            "with 3, 4 surely no more are, and such accounts get no",
        ),
    ],
)
def test_the_fewest_posts_scored_are_set_beside_the_curve(
    found: dict[str, Any],
    expected: str,
    tiny_world: TinyWorld,
    tiny_details: dict[str, Any],
) -> None:
    declared = tiny_world.params["calibrate"]["abstention"]["least_posts"]
    tolerated = tiny_world.params["evaluate"]["most_harmed"]
    measured = tiny_details["least_posts"]
    agreeing = measured | {"measured": 5, "harmful": [], "needless": []}

    shown = words(
        made(tiny_world, {**tiny_details, "least_posts": agreeing | found}, None)
    )

    assert (measured["declared"], measured["most"]) == (declared, tolerated)
    assert expected in shown


def test_a_baseline_is_shown_with_where_it_does_not_apply(
    page: Html, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    baselines = copy.deepcopy(tiny_world.metrics["baselines"])
    baselines["rate_only"]["not_applicable_in"] = {"gavel": "no posts", "jetty": "none"}
    lead = copy.deepcopy(tiny_world.metrics["lead_on_strongest"])
    lead["auc"]["mean"] = -0.125

    changed = {"baselines": baselines, "lead_on_strongest": lead}
    shown, before = words(made(tiny_world, tiny_details, changed)), words(page)

    assert "gavel: no posts; jetty: none" in shown
    assert "gavel: no posts" not in before
    assert "Strongest baseline of each fold: mean lead in AUC -0.125" in shown
    for row in tiny_world.metrics["lead_on_strongest"]["auc"]["folds"].values():
        assert f"{row['strongest']} {row['theirs']:.3f} {row['ours']:.3f}" in before


def test_who_gets_no_score_is_told_beside_the_recall(
    page: Html, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    served = copy.deepcopy(tiny_world.metrics["abstention"])
    served["campaigns"]["gavel"] |= {"share": 0.75, SERVED_RECALL: 0.0625}

    html = made(tiny_world, tiny_details, {"abstention": served})

    assert "0.250 0.062" in words(html)
    assert "0.250 0.062" not in words(page)
    assert "scored recall at FPR 1 %, abstained not flagged" in words(page)


def test_look_alikes_are_shown_at_both_aims(
    page: Html, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    audit = copy.deepcopy(tiny_world.metrics["audit"])
    slices = audit["panel"]["slices"]
    row = next(iter(slices.values()))
    row |= {"flagged": 9, "fpr": 0.0321, "low": 0.02, "high": 0.05}

    shown = words(made(tiny_world, tiny_details, {"audit": audit}))

    aims = [words(page).index(f"Aim: FPR {aim}") for aim in ("1.0%", "0.5%, that of")]
    assert aims == sorted(aims)
    assert "0.032 [0.020, 0.050]" in shown
    assert "[0.020, 0.050]" not in words(page)


@pytest.mark.parametrize(
    ("statuses", "reason", "expected"),
    [
        (("passed", "passed"), None, "All 2 gates passed: it may be promoted"),
        (
            ("passed", "passed"),
            "only by exceptions: fandom",
            "All 2 gates passed, 1 of them only by exceptions (second): it may be",
        ),
        (("passed", "failed"), "worse", "1 of 2 gates failed (second)"),
        (("not_applicable", "passed"), None, "could not be applied (first): `make"),
        (
            ("not_applicable", "passed"),
            "only by exceptions: fandom",
            "be applied (first); 1 passed only by exceptions (second): `make promote`",
        ),
        (
            ("passed", "not_applicable"),
            "this world has no panel",
            "could not be applied (second): `make promote`",
        ),
    ],
)
def test_the_verdict_follows_from_the_gates(
    statuses: tuple[str, str],
    reason: str | None,
    expected: str,
    tiny_world: TinyWorld,
    tiny_details: dict[str, Any],
) -> None:
    gates = [
        {"code": code, "status": status, "value": 1.0, "limit": "x", "reason": said}
        for code, status, said in zip(
            ("first", "second"), statuses, (None, reason), strict=True
        )
    ]

    html = headline(tiny_world.metrics | {"gates": gates}, tiny_details)

    assert expected in words(html)


def test_the_worst_campaign_has_its_own_interval(
    page: Html, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    loco = tiny_world.metrics["loco"]
    worst = loco["auc"]["worst"]
    name = min(loco["campaigns"], key=lambda one: loco["campaigns"][one]["auc"])
    own = tiny_details["campaigns"][name]["figures"]["auc"]
    shown = f"{worst:.3f} [{own['low']:.3f}, {own['high']:.3f}] {name}"
    assert shown in words(headline(tiny_world.metrics, tiny_details))

    tied = copy.deepcopy(loco)
    for row in tied["campaigns"].values():
        row["auc"] = worst
    told_of = words(headline(tiny_world.metrics | {"loco": tied}, tiny_details))
    assert f"{worst:.3f} {', '.join(loco['campaigns'])}" in told_of


def test_a_mean_over_some_campaigns_says_over_how_many(
    page: Html, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    loco = tiny_world.metrics["loco"]
    assert f"AUC {loco['auc']['mean']:.3f}" in words(page)
    assert f"] {loco['auc']['over']} of 8 {loco['auc']['worst']:.3f}" in words(page)

    recall = "recall_at_fpr_0.01"
    few = {"mean": 0.412, "worst": 0.4, "over": 3, "worst_over": 2, "of": 8}
    changed = loco | {recall: loco[recall] | few}
    shown = words(headline(tiny_world.metrics | {"loco": changed}, tiny_details))

    assert "recall at FPR 1 % 0.412 3 of 8 0.400" in shown


def test_lines_are_shown_as_aims_with_what_they_did(
    page: Html, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    points = copy.deepcopy(tiny_world.metrics["operating_points"])
    assert len(points) > 1
    for block in points.values():
        assert block["aim"] in words(page)
    strict = points["strict"]
    realised = {"recall": 0.4321, "fpr": 0.0071, "fpr_low": 0.004, "fpr_high": 0.012}
    strict["pooled"] = realised | {"precision": 0.765, "npv": 0.9871, "controls": 900}
    for at, row in enumerate(strict["campaigns"].values()):
        row.pop("reason", None)
        row |= realised | {"precision": 0.5, "fpr": 0.001 * (at + 1), "recall": 0.9}
        row["npv"] = 0.9994
    first, *_, last = strict["campaigns"]
    strict["campaigns"][first] |= {"recall": 0.125, "fpr": None, "reason": "9 controls"}
    cautious = points["cautious"]
    cautious["pooled"] |= dict.fromkeys(("recall", "fpr", "precision", "npv"))
    cautious["pooled"]["reason"] = "only 17 of them"

    shown = words(made(tiny_world, tiny_details, {"operating_points": points}))

    count = len(strict["campaigns"])
    ends = f"0.125 ({first}) 0.00{count}0 ({last})"
    assert f"0.432 0.0071 [0.0040, 0.0120] 0.765 0.9871 {ends}" in shown
    assert f"{first} 0.125 – 0.500 0.9994 9 controls" in shown
    assert "on campaigns left out: only 17 of them" in shown
    assert "only 17 of them" not in words(page)

    row = points["strict"]["campaigns"].pop(last)
    points["strict"]["apart"] = {last: row | {"apart_because": "collected otherwise"}}
    shown = words(made(tiny_world, tiny_details, {"operating_points": points}))
    assert "counted nowhere, collected otherwise" in shown
    assert f"0.00{count}0 ({last})" not in shown


def test_errors_of_the_surest_are_shown_under_each_protocol(
    page: Html, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    shown = words(page)
    for protocol in ("loco", "temporal", "random"):
        for row in tiny_world.metrics[protocol]["selective_risk"].values():
            ends = f"{row['mean']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"
            assert f"{ends} {row['worst']:.3f}" in shown
    assert "random split, not to be quoted" in shown

    details = copy.deepcopy({k: v for k, v in tiny_details.items() if k != "folder"})
    for step in details["selective_risk"]:
        step["temporal"] = None
    gone = {"temporal": {"not_applicable": "one campaign is dated"}}
    without = words(made(tiny_world, details, gone))
    assert "not applicable: one campaign is dated" in without


def test_scores_some_days_apart_are_shown_with_the_worst_campaign(
    page: Html, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    shown, found = words(page), copy.deepcopy(tiny_details["over_time"])
    pooled = found["pooled"]
    at = pooled["at"]["fpr_0.01"]
    ends = f"[{at['flip_rate_low']:.3f}, {at['flip_rate_high']:.3f}]"
    rank = f"{pooled['rank_correlation']:.3f} {at['flip_rate']:.3f} {ends}"
    assert "Stability over time: 30 days earlier against now" in shown
    assert f"all {pooled['accounts']} {rank}" in shown

    worse = copy.deepcopy(pooled) | {"rank_correlation": 0.1234}
    worse["at"]["fpr_0.01"]["flip_rate"] = 0.4321
    found["campaigns"] = {"gavel": worse, "jetty": pooled}
    found["worst"] = {
        "rank_correlation": {"campaign": "gavel", "value": 0.1234},
        "fpr_0.01": {"campaign": "gavel", "value": 0.4321},
        "fpr_0.005": {"campaign": None, "value": None},
    }
    marked = made(tiny_world, {**tiny_details, "over_time": found})
    assert 'class="marked">0.123</td>' in marked
    assert re.search('class="marked">0.432 ', marked)
    gone = {"days": 30, "pooled": None, "reason": "0 accounts have both scores"}
    without = words(made(tiny_world, {**tiny_details, "over_time": gone}))
    assert "Not reported: 0 accounts have both scores." in without


def test_scores_without_an_order_say_why_there_is_no_rank_correlation(
    page: Html, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    details = copy.deepcopy({k: v for k, v in tiny_details.items() if k != "folder"})
    details["stability"][0] |= {"rank_correlation": None, "reason": "all are one"}
    posts = details["stability"][0]["posts"]

    shown = words(made(tiny_world, details, {}))

    assert f"No rank correlation at {posts} posts: all are one." in shown
    assert "No rank correlation" not in words(page)


def test_suspected_labels_are_counted_and_left_to_a_review(
    page: Html, tiny_world: TinyWorld
) -> None:
    shown = words(page)
    block = tiny_world.metrics["label_errors"]

    for name in ("takedown_accounts", "controls"):
        found = block[name]
        row = f"{found['judged']} {found['suspected']} {found['expected']:.2f}"
        assert f"{name.replace('_', ' ')} {row} {found['listed']}" in shown
        for source, counts in found["sources"].items():
            title = f"{source} {name.replace('_', ' ')} {counts['kind']}"
            assert f"{title} {counts['suspected']} {counts['listed']}" in shown
    assert "artifacts/demo/label_errors.parquet" in shown
    assert "Nothing is removed or relabelled by this list: a review decides" in shown
    assert "label.reviewers.files" in shown
    for account in tiny_world.table("label_errors")["account_id"]:
        assert account not in page


def test_people_s_agreement_stands_beside_wrong_labels(page: Html) -> None:
    shown = words(page)
    for who, accounts, choice, kappa in AGREEMENT:
        assert f"{who} {accounts:,} {choice} {kappa}" in shown
    assert SOURCE in shown


def test_confounded_campaigns_and_missing_times_are_said(
    tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    details = copy.deepcopy({k: v for k, v in tiny_details.items() if k != "folder"})
    row = details["campaigns"]["gavel"]
    row |= {"in_headline": False, "reason": "collected otherwise"}
    row["figures"]["auc"] |= {"low": None, "high": None, "value": 0.5}
    details |= {"time_to_detect": [], "stability": [], "forward": []}
    changed = {
        "temporal": {"not_applicable": "no dates"},
        "random": {"not_applicable": "one part"},
        "panel": {},
    }

    shown = words(made(tiny_world, details, changed, "other"))

    assert "SIMULATED" not in shown
    assert "Collection-confounded, and in no mean, worst or gate: gavel" in shown
    assert "Does not transfer (AUC under 0.55): gavel" in shown
    assert "Forward in time is not applicable: no dates" in shown
    assert "Not applicable: one part" in shown
    assert "collected otherwise" in shown


def test_blocks_nobody_knows_yet_are_shown() -> None:
    block = {
        "confidence": 0.9,
        "campaigns": {
            "jetty": {"n": 5, "bins_held": 0.25},
            "gavel": {"n": 6, "bins_held": None, "reason": "few"},
        },
        "aims": [{"name": "strict", "cut": 1.5, "of": [1, 2]}],
    }
    deep = {"topic_swap": {"recall": {"before": 0.9, "after": 0.8}}}
    unlike = {"best": {"a": {"x": 0.1, "y": 0.2}, "b": dict.fromkeys("pqrstuvw", 0.3)}}

    assert others({"loco": {}, "gates": []}) == ""
    shown = words(others({"loco": {}, "intervals": block}))
    for text in (
        "intervals what value confidence 0.9",
        "intervals: campaigns name n bins held reason",
        "jetty 5 0.25 – gavel 6 – few",
        "intervals: aims name cut of strict 1.5 1, 2",
    ):
        assert text in shown, shown
    assert "name before after recall 0.9 0.8" in words(audit({"audit": deep}))
    assert "a: x 0.1 a: y 0.2 b: p 0.3" in words(audit({"audit": unlike}))
    assert "10 values, 0.1 to 0.3" in words(audit({"audit": unlike}))


def test_hostile_names_are_text(
    tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    details = {k: v for k, v in tiny_details.items() if k != "folder"}
    row = details["campaigns"]["gavel"]
    details["campaigns"] = details["campaigns"] | {EVIL: row}
    details["slices"] = details["slices"] | {
        "language": [details["slices"]["source"][0] | {"slice": EVIL}]
    }

    served = copy.deepcopy(tiny_world.metrics["abstention"])
    served["campaigns"][EVIL] = served["campaigns"]["gavel"]

    html = made(tiny_world, details, {EVIL: {EVIL: EVIL}, "abstention": served})

    assert "script" not in read(html).tags
    assert "&lt;script&gt;" in html


def test_another_model_beside_it(
    tiny_world: TinyWorld,
    tiny_details: dict[str, Any],
    tmp_path: Path,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weaker = copy.deepcopy(tiny_world.metrics)
    for row in weaker["loco"]["campaigns"].values():
        row["average_precision"] -= 0.1
    write_json(weaker, tmp_path / "weaker.json")
    arguments = [
        "report_page",
        "--world",
        "demo",
        "--params",
        str(root / "params.yaml"),
    ]
    arguments += ["--metrics", str(tiny_world.folder / "metrics.json")]
    arguments += ["--details", str(tiny_details["folder"] / "report.json")]
    arguments += ["--against", str(tmp_path / "weaker.json")]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [*arguments, "--out", "report.html"])

    main()

    shown = words((tmp_path / "report.html").read_text())
    assert "Beside the champion" in shown
    assert "average precision +0.1000" in shown
    assert "It is better." in shown
    assert "+0.100" in shown


def test_a_lead_too_small_for_two_digits_is_told_and_a_loss_marked(
    tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    params = EvaluateParams.model_validate(tiny_world.params["evaluate"])
    other = copy.deepcopy(tiny_world.metrics)
    other["loco"]["campaigns"]["gavel"]["auc"] += 0.003
    other["loco"]["campaigns"]["jetty"]["auc"] -= 0.003

    html = report("demo", tiny_world.metrics, tiny_details, other, params)

    assert '<td class="marked">-0.003</td>' in html
    assert "<td>+0.003</td>" in html


def test_curves_are_written_for_dvc(tiny_details: dict[str, Any]) -> None:
    curves = tiny_details["folder"] / "curves"

    assert {path.name for path in curves.iterdir()} == {
        "label_noise.csv",
        "selective_risk.csv",
        "stability.csv",
        "time_to_detect.csv",
    }
    stored = read_json(tiny_details["folder"] / "report.json")["time_to_detect"]
    lines = (curves / "time_to_detect.csv").read_text().splitlines()
    assert len(lines) == len(stored)
    assert lines[0].startswith("posts,")


def test_charts_hold_what_they_are_given() -> None:
    drawn = read(charts.ranges("x", [("one", 0.8, 0.7, 0.9), ("two", 0.5, None, None)]))
    lines = read(charts.lines("y", ["1", "2"], {"a": [(0, 0.2, 0.1, 0.3)]}))
    squares = read(charts.reliability({"one": [(0.1, 0.2, 5), (0.8, 0.9, 5)]}))

    assert drawn.tags.count("circle") == 2
    assert drawn.tags.count("rect") == 1
    assert lines.tags.count("circle") == 1
    assert squares.tags.count("circle") == 2
    assert "None is reported" in charts.ranges("x", [("one", None, None, None)])


def test_columns_that_say_nothing_are_left_out() -> None:
    html = told(["a", "b", "c"], [["x", None, 1], ["y", None, None]])

    assert '<th scope="col">b</th>' not in html
    assert words(html).split() == ["a", "c", "x", "1", "y", "–"]


def test_the_champion_is_not_compared_with_itself(
    tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    params = EvaluateParams.model_validate(tiny_world.params["evaluate"])

    def shown(against: dict[str, Any]) -> str:
        return words(report("demo", tiny_world.metrics, tiny_details, against, params))

    same = copy.deepcopy(tiny_world.metrics)
    assert "the very same figures: nothing to compare" in shown(same)
    same["loco"]["campaigns"]["gavel"]["average_precision"] -= 0.001
    assert "the very same figures" not in shown(same)
    assert "Beside the champion" in shown(same)


@pytest.mark.parametrize("nonsense", [[], [1], 3, None, {}, {"loco": 3}])
def test_what_are_no_figures_is_told_in_a_line(
    nonsense: Any, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    params = EvaluateParams.model_validate(tiny_world.params["evaluate"])
    sound = tiny_world.metrics

    with pytest.raises(ArtefactError, match=r"expected .*loco.auc.*, not found"):
        report("demo", nonsense, tiny_details, None, params)
    with pytest.raises(ArtefactError, match="expected over_time, selective_risk"):
        report("demo", sound, nonsense, None, params)
    if nonsense is not None:
        with pytest.raises(
            ArtefactError, match=r"compare with: expected loco.campaigns"
        ):
            report("demo", sound, tiny_details, nonsense, params)


def test_campaigns_of_older_code_are_shown_without_a_lead(
    tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    params = EvaluateParams.model_validate(tiny_world.params["evaluate"])
    old = copy.deepcopy(tiny_world.metrics)
    for row in old["loco"]["campaigns"].values():
        del row["average_precision"]

    html = report("demo", tiny_world.metrics, tiny_details, old, params)

    assert "0 operator(s) judged on the same numbers" in words(html)


def test_of_figures_of_older_code_no_page_is_made_but_they_may_stand_beside(
    tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    newer = ("log_loss", "partial_auc_at_fpr_0.01", "selective_risk")
    old = copy.deepcopy(tiny_world.metrics)
    for block in ("label_noise", "label_errors"):
        del old[block]
    for figure in newer:
        del old["loco"][figure]
    del old["audit"]["missing_together"]
    del old["audit"]["evened"]
    del old["loco"]["auc"]["over"]
    details = {k: v for k, v in tiny_details.items() if k != "over_time"}
    params = EvaluateParams.model_validate(tiny_world.params["evaluate"])

    with pytest.raises(
        ArtefactError,
        match=r"label_noise, .*loco.log_loss.*loco.auc.over.*missing_together.*audit.evened.*repro",
    ):
        report("demo", old, tiny_details, None, params)
    with pytest.raises(ArtefactError, match="expected over_time, not found"):
        report("demo", tiny_world.metrics, details, None, params)

    beside = report("demo", tiny_world.metrics, tiny_details, old, params)

    assert "Beside the champion" in words(beside)
