import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from serving.review.store import account_key
from tests.serving.browser.visit import Visit
from tests.serving.builders import KEYS, make_item
from tests.serving.review.builders import LONG, SCRIPT, hostile_item

pytestmark = pytest.mark.browser

EVIL = hostile_item()["account"]["account_id"]


def tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            # What has the focus can be seen to have it.
            style = target.evaluate("e => getComputedStyle(e).outlineStyle")
            assert style == "solid"
            return
    raise AssertionError(f"not reached by {most} times Tab: {target}")


def test_the_key_leaves_the_address_and_scripts_cannot_read_the_cookie(
    visit: Visit,
) -> None:
    visit.enter()

    assert visit.page.url == f"{visit.url}/review"
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Queue")
    (cookie,) = visit.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert cookie["path"] == "/review"
    assert KEYS["reviewer"] not in json.dumps(cookie)
    assert visit.page.evaluate("document.cookie") == ""
    assert KEYS["reviewer"] not in visit.page.content()


def test_every_worker_knows_the_cookie(visit: Visit) -> None:
    visit.enter()

    for _ in range(12):
        answer = visit.page.goto(f"{visit.url}/review/paste")
        assert answer is not None
        assert answer.status == 200


@pytest.mark.parametrize("path", ["/review", "/review?key=wrong", "/review/paste"])
def test_without_the_key_a_page_says_how_to_get_in(path: str, visit: Visit) -> None:
    answer = visit.page.goto(f"{visit.url}{path}")

    assert answer is not None
    assert answer.status == 401
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("A key is needed")
    expect(visit.page.get_by_text("make serve")).to_be_visible()
    assert visit.context.cookies() == []
    assert visit.fits()


def test_from_the_queue_to_the_last_reason_by_keyboard_alone(visit: Visit) -> None:
    page = visit.page
    visit.enter()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    first = page.locator("table.queue a").first
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/account/*")

    summary = page.locator("table.measures summary").first
    tab_to(page, summary)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Misleads:").first).to_be_visible()
    tab_to(page, page.locator("details.family:not([open]) > summary").first)
    page.keyboard.press("Space")
    expect(page.locator("details.family[open]")).to_have_count(3)

    page.goto(f"{visit.url}/review")
    tab_to(page, page.get_by_role("link", name="Paste an account"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Account and posts"))
    page.keyboard.insert_text(json.dumps(make_item()))
    tab_to(page, page.get_by_role("button", name="Show the account"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("river_north")


def test_an_account_shows_evidence_before_the_number_and_both_sides(
    visit: Visit,
) -> None:
    page = visit.page
    visit.enter()
    visit.open_first()

    titles = page.get_by_role("heading", level=2).all_text_contents()
    assert titles == [
        "Profile",
        "Posts over time",
        "Posts behind the strongest reasons",
        "The number",
        "For and against",
        "What could not be measured",
        "Receipt",
    ]
    expect(
        page.get_by_role("img", name=re.compile(r"\d+ posts with a time"))
    ).to_be_visible()
    expect(
        page.get_by_text("Resembles accounts that platforms removed:")
    ).to_be_visible()
    expect(page.get_by_text("not for real accounts")).to_be_visible()
    expect(page.get_by_role("heading", name="Strongest for")).to_be_visible()
    expect(page.get_by_role("heading", name="Strongest against")).to_be_visible()
    expect(page.get_by_text("% have this or less").first).to_be_visible()
    assert visit.fits()


def test_a_table_is_read_out_as_one_however_narrow(visit: Visit) -> None:
    visit.enter()
    visit.open_first()

    read = visit.page.locator("table.measures").first.aria_snapshot()

    assert 'columnheader "Effect"' in read
    assert re.search(r'rowheader "(For|Against)"', read)
    assert re.search(r'rowheader "\w.*":\n\s+- group', read)
    assert re.search(r'cell "[+\u2212]\d\.\d\d"', read)


def test_the_sum_that_is_shown_adds_up(visit: Visit) -> None:
    visit.enter()
    visit.open_first()

    cells = visit.page.locator("table.ledger tbody td.number").all_text_contents()
    total = visit.page.locator("table.ledger tfoot td.number").inner_text()

    numbers = [float(cell.replace("\u2212", "-")) for cell in cells]
    rounding = 0.005 * (len(numbers) + 1)
    assert sum(numbers) == pytest.approx(
        float(total.replace("\u2212", "-")), abs=rounding
    )


def test_another_share_gives_another_number(visit: Visit) -> None:
    page = visit.page
    visit.enter()
    visit.open_first()

    before = page.locator(".score").inner_text()
    page.get_by_label("Assume another share").fill("0.1")
    page.get_by_role("button", name="Show").click()

    expect(page.locator(".score")).to_contain_text("assumed share of 0.1 %")
    assert page.locator(".score").inner_text() != before


def test_a_mistake_in_a_pasted_account_can_be_corrected(visit: Visit) -> None:
    page = visit.page
    visit.enter()
    page.goto(f"{visit.url}/review/paste")
    text = page.get_by_label("Account and posts")
    text.fill(json.dumps(make_item(created_at="2020-01-01")))
    page.get_by_role("button", name="Show the account").click()

    expect(page.get_by_role("alert")).to_contain_text("account.created_at")
    expect(page.get_by_role("alert")).to_contain_text("time_without_zone")
    expect(text).to_have_value(json.dumps(make_item(created_at="2020-01-01")))
    expect(text).to_have_attribute("aria-invalid", "true")
    assert visit.fits()
    text.fill(json.dumps(make_item()))
    page.get_by_role("button", name="Show the account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("river_north")


@pytest.mark.parametrize("source", ["queue", "paste"])
def test_a_hostile_account_is_shown_and_does_nothing(source: str, visit: Visit) -> None:
    page = visit.page
    visit.enter()
    if source == "queue":
        page.goto(f"{visit.url}/review/account/{account_key(EVIL)}")
    else:
        page.goto(f"{visit.url}/review/paste")
        page.get_by_label("Account and posts").fill(json.dumps(hostile_item()))
        page.get_by_role("button", name="Show the account").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("abcU+202Egpj.exe")
    expect(page.locator("dd", has_text=SCRIPT)).to_be_visible()
    expect(page.get_by_text("=1+1", exact=True)).to_be_visible()
    expect(page.get_by_text("javascript:alert(2)", exact=True)).to_be_visible()
    assert page.locator("main img, script, iframe").count() == 0
    links = page.locator("a").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    assert links
    assert all(re.match(r"/review|#", link) for link in links)

    page.get_by_text("Read the latest").click()
    folded = page.locator("details.text").first
    expect(folded.get_by_text(f"all {len(LONG):,} characters")).to_be_visible()
    expect(folded.locator("blockquote")).to_be_hidden()
    folded.locator("summary").click()
    expect(folded.locator("blockquote")).to_have_text(LONG)
    assert visit.fits()


def test_the_policy_would_stop_a_script_that_got_through(visit: Visit) -> None:
    visit.enter()

    ran = visit.page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.ran = true';
            document.body.append(script);
            const image = document.createElement('img');
            image.src = 'https://evil.example/x.png';
            document.body.append(image);
            return window.ran === true;
        }"""
    )
    visit.page.wait_for_timeout(200)

    assert not ran
    assert any("Content Security Policy" in text for text in visit.complaints)
    visit.complaints.clear()
    visit.requests[:] = [u for u in visit.requests if "evil.example" not in u]


def test_text_can_be_told_from_its_ground_and_pages_fit(visit: Visit) -> None:
    visit.enter()
    key = account_key("acc-0000")
    for path in ("/review", "/review/paste", f"/review/account/{key}"):
        visit.page.goto(f"{visit.url}{path}")
        visit.page.evaluate(
            "document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        assert visit.fits()
        assert visit.page.evaluate(FAINT) == []


# Texts whose contrast with their ground is below 4.5 (WCAG 2.2, 1.4.3).
FAINT = """() => {
    const parse = c => { const n = c.match(/[\\d.]+/g).map(Number);
        return {rgb: n.slice(0, 3), alpha: n.length > 3 ? n[3] : 1}; };
    const light = rgb => { const [r, g, b] = rgb.map(v => v / 255).map(
        v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const ground = e => { for (; e; e = e.parentElement) {
        const c = parse(getComputedStyle(e).backgroundColor);
        if (c.alpha > 0) return c.rgb; } return [255, 255, 255]; };
    const faint = [];
    for (const e of document.querySelectorAll('body *')) {
        const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
        if (!own || e.closest('svg')) continue;
        const a = light(parse(getComputedStyle(e).color).rgb), b = light(ground(e));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) faint.push([e.tagName, e.className, ratio]);
    }
    return faint;
}"""
