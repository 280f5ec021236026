"""The department's pages in a real browser, as people use them."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from charting.case.state import value_of
from charting.trail.contents import Answer, Bolus, Charted, Infusion, Pace, Rate, Remark
from charting.trail.entries import DeviceHeld, Filled
from tests.browser.department import picture, served, visited
from tests.charting.web.hospital import MINUTE_US, PASSWORD, STEP_US, Hospital, hr_item

CHECKS = """() => {
  const found = [];
  const what = (e) => e.outerHTML.slice(0, 120);
  const light = (c) => c.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const colour = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const back = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const c = colour(getComputedStyle(at).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const touched = "button, input:not([type=hidden]), select, textarea, a.button, nav a, summary";
  for (const e of document.querySelectorAll(touched)) {
    if (!e.checkVisibility({ visibilityProperty: true })) continue;
    const box = e.getBoundingClientRect();
    const label = e.closest("label") ?? e;
    const high = Math.max(box.height, label === e ? 0 : label.getBoundingClientRect().height);
    if (high < 43.5) found.push(["small", what(e)]);
    const name = e.getAttribute("aria-label") || (e.closest("label") ?? e).textContent.trim();
    if (!name) found.push(["nameless", what(e)]);
  }
  for (const e of document.querySelectorAll("main *, header *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || e.closest("svg") || !e.checkVisibility() || e.closest(":disabled, noscript")) continue;
    const [a, b] = [light(colour(getComputedStyle(e).color)), light(back(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.push(["faint", what(e)]);
  }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) found.push(["wide", ""]);
  return found;
}"""

LOOKS = [
    ("zh", "desktop"), ("en", "tablet"),
    *(pytest.param(*look, marks=pytest.mark.soak) for look in (("zh", "tablet"), ("en", "desktop"))),
]  # fmt: skip

A_CLOCK_THAT_TICKS_AT_EVERY_LOOK = """{
  const real = performance.now.bind(performance);
  let looks = 0;
  performance.now = () => real() + (looks += 1);
}"""


@pytest.mark.parametrize(("lang", "size"), LOOKS)
async def test_an_anaesthetic_from_the_first_tap_to_the_print(lang: str, size: str) -> None:
    hospital = Hospital(idle_s=43_200)
    name = f"{size}-{lang}"
    async with served(hospital) as url, visited(url, "anaesthetist", size=size, lang=lang) as page:
        await picture(page, f"{name}-1-department")
        await page.locator("article", has_text="OR-03").locator("button.danger").click()
        await expect(page.locator("#banner .name")).to_contain_text("急诊-20261124-01")
        await page.wait_for_load_state()
        await picture(page, f"{name}-2-case", whole=True)
        (row,) = hospital.trail.rows(state="open")
        record = page.locator("#startable button", has_text="麻醉记录单" if lang == "zh" else "Anaesthesia record")
        await record.click()
        await expect(page.locator("#sheets svg").first).to_be_visible()
        await page.wait_for_load_state()
        (document,) = hospital.desk.case(row.case).documents
        await _fills(page, hospital, row.case, document)
        await _corrects(page, hospital, row.case, document)
        await picture(page, f"{name}-4-record")
        await _gives_a_drug(page, hospital, row.case, document)
        await picture(page, f"{name}-5-drug")
        await _resuscitates(page, hospital, row.case)
        await picture(page, f"{name}-6-rescue")
        await _signs(page, hospital, row.case, document)
        await _prints(page, hospital, row.case, document)
        await picture(page, f"{name}-8-signed", whole=True)
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0


async def _fills(page: Page, hospital: Hospital, case: str, document: str) -> None:
    """What the filler appends stands on the page by itself."""
    await page.evaluate("window.untouched = true")
    hospital.clock.at_us += 20 * MINUTE_US
    now = hospital.clock.at_us // STEP_US * STEP_US
    marks = range(now - 3 * STEP_US, now, STEP_US)
    cells = tuple(cell for mark in marks for cell in hospital.cells(mark, hr=83.0))
    filled = Filled(document=document, since_us=marks[0], until_us=now, cells=cells, gaps=(), excursions=())
    hospital.desk.fill(case, filled)
    await expect(page.locator("#marks button", has_text="83")).to_have_count(3)
    await expect(page.locator(f'#sheets [data-item="{hr_item(hospital.clock)}"]').first).to_be_attached()
    await expect(page.locator("#clock")).to_have_text(re.compile(r"2026-11-24 14:(3[89]|4\d)"))
    assert await page.evaluate("window.untouched")


async def _corrects(page: Page, hospital: Hospital, case: str, document: str) -> None:
    item = hr_item(hospital.clock)
    await page.locator(f'#sheets [data-item="{item}"]').first.click()
    dialog = page.locator("#loaded")
    await expect(dialog.locator(".big")).to_contain_text("83")
    await dialog.locator("[name='content.value']").fill("88")
    await dialog.locator("details#edit [data-reason=diathermy]").click()
    await picture(page, "dialog-cell")
    await dialog.locator("details#edit button.main").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator(f'#marks [data-item-key="{item}"]')).to_have_text("88")
    found = hospital.desk.case(case).documents[document].items[item]
    value = value_of(found)
    assert isinstance(value, Charted)
    assert value.value == 88.0
    assert (found.versions[-1].author, found.versions[-1].reason) == ("anaesthetist", "diathermy")
    assert found.captured is not None
    assert found.captured.value == 83.0


async def _gives_a_drug(page: Page, hospital: Hospital, case: str, document: str) -> None:
    taps = 0
    for target in (page.locator("#tab-drugs [data-offer]", has_text="丙泊酚").or_(
        page.locator("#tab-drugs [data-offer]", has_text="Propofol")), page.locator("#dose [data-amount='100']"),
    ):  # fmt: skip
        await target.click()
        taps += 1
    await expect(page.locator("#toast")).to_contain_text("100 mg")
    assert taps <= 3
    given = [c for _, c in hospital.desk.case(case).documents[document].of(Bolus)]
    assert [(g.drug.code, g.dose, g.unit, g.route) for g in given if isinstance(g, Bolus)] == [
        ("D001", 100.0, "mg", "iv")
    ]


async def _resuscitates(page: Page, hospital: Hospital, case: str) -> None:
    began_us = hospital.clock.at_us
    await page.locator("button.rescue").click()
    await expect(page.locator("button.rescue.on [data-timer]")).to_have_text(re.compile(r"00:\d\d"))
    hospital.clock.at_us += 3 * MINUTE_US
    await expect(page.locator("button.rescue.on [data-timer]")).to_have_text(re.compile(r"02:5\d|03:\d\d"))
    await page.locator("button.rescue.on").click()
    await expect(page.locator("button.rescue:not(.on)")).to_be_visible()
    most_us = hospital.clock.at_us - began_us
    (pace,) = [i.content for i in hospital.desk.case(case).items.values() if isinstance(i.content, Pace)]
    assert pace.why == "rescue"
    assert pace.end_us is not None
    assert 3 * MINUTE_US - 15_000_000 <= pace.end_us - pace.start_us <= most_us + 15_000_000


async def _signs(page: Page, hospital: Hospital, case: str, document: str) -> None:
    await page.keyboard.press("Shift+S")
    await page.locator("#loaded button.main").first.click()
    await expect(page.locator("#state .tag.good")).to_be_visible()
    assert hospital.desk.case(case).documents[document].locked
    await expect(page.locator("[data-mode=read]")).to_be_attached()
    await expect(page.locator("#tab-drugs")).to_have_count(0)


async def _prints(page: Page, hospital: Hospital, case: str, document: str) -> None:
    await page.wait_for_load_state()
    await page.evaluate("() => { window.print = () => { document.body.dataset.printed = 'yes'; }; }")
    await page.locator("#print").click()
    await expect(page.locator("body[data-printed]")).to_be_attached()
    assert len(hospital.desk.case(case).documents[document].prints) == 1
    await page.emulate_media(media="print")
    await expect(page.locator("header.top")).to_be_hidden()
    await expect(page.locator(".quick")).to_be_hidden()
    await expect(page.locator("#sheets svg").first).to_be_visible()
    await page.emulate_media(media="screen")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="PDF").click()
    assert (await download.value).suggested_filename == "anaesthesia_record.pdf"


async def _record(page: Page, url: str, case: str = "c1", document: str = "d1") -> None:
    await page.goto(f"{url}/records/{case}/{document}")
    await page.wait_for_load_state()


async def test_a_locked_page_hides_the_patient_and_keeps_what_was_typed() -> None:
    hospital = Hospital(idle_s=600)
    hospital.recorded()
    async with served(hospital) as url, visited(url, "anaesthetist", expected=("423", "401")) as page:
        await _record(page, url)
        await page.keyboard.press("m")
        await page.locator("#tab-more textarea").fill("half a sente")
        await page.locator("#lock").click()
        await expect(page.locator("#who")).to_be_visible()
        await expect(page.locator("#banner")).to_be_hidden()
        await expect(page.locator("#sheets")).to_be_hidden()
        await picture(page, "locked")
        await page.keyboard.press("Escape")
        await page.locator("#who [name=password]").fill("wrong one here")
        await page.keyboard.press("Enter")
        await expect(page.locator("#who .problem")).to_contain_text("wrong")
        await page.locator("#who [name=password]").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#banner")).to_be_visible()
        await expect(page.locator("#tab-more textarea")).to_have_value("half a sente")
        hospital.clock.go(700)  # nobody touches it, as the service sees it
        await expect(page.locator("#who")).to_be_visible()
        await page.locator("#who [name=password]").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#tab-more textarea")).to_have_value("half a sente")


async def test_a_page_that_hears_nothing_says_so_and_asks_who_is_there_once_it_is_answered() -> None:
    hospital = Hospital(idle_s=600)
    hospital.recorded()
    async with served(hospital) as url, visited(url, "anaesthetist", expected=("503", "423")) as page:
        await page.route("**/api/events?*", lambda route: route.fulfill(status=503))
        await _record(page, url)
        await expect(page.locator("#lost")).to_be_visible()
        hospital.clock.go(700)
        await page.unroute("**/api/events?*")
        await expect(page.locator("#who")).to_be_visible()
        await page.locator("#who [name=password]").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#who")).to_be_hidden()
        await expect(page.locator("#lost")).to_be_hidden()


async def test_a_late_message_does_not_set_the_clock_back_and_several_do() -> None:
    hospital = Hospital(idle_s=43_200)
    async with served(hospital) as url, visited(url, "anaesthetist") as page:
        steps = await page.evaluate(
            """async () => {
              const main = document.querySelector("script[src$='main.js']").src;
              const { agree, nowMs } = await import(main.replace("main.js", "clock.js?alone"));
              const began = nowMs();
              const said = performance.now();
              const steps = [];
              for (const seconds of [60, 40, 50, 30, 20, 10]) {
                agree(began + performance.now() - said + seconds * 1000);
                steps.push((nowMs() - began - performance.now() + said) / 1000);
              }
              return steps;
            }"""
        )
    assert steps == pytest.approx([60, 60, 60, 60, 60, 50], abs=2)


async def test_what_could_not_be_sent_stays_and_can_be_sent_again() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.recorded()
    async with served(hospital) as url, visited(url, "anaesthetist", expected=("ERR_FAILED",)) as page:
        await _record(page, url)
        await page.keyboard.press("m")
        await page.locator("#tab-more textarea").fill("bleeding controlled")
        await page.route("**/api/records/**", lambda route: route.abort())
        save = page.locator("#tab-more form").first.locator("button.main")
        await save.click()
        await expect(page.locator("#tab-more form").first.locator(".problem")).to_contain_text("not saved")
        await expect(page.locator("#tab-more textarea")).to_have_value("bleeding controlled")
        await page.unroute("**/api/records/**")
        await save.click()
        await expect(page.locator("#toast")).to_contain_text("Saved")
        await expect(page.locator("#tab-more textarea")).to_have_value("")
    (remark,) = [c.text for _, c in hospital.desk.case("c1").documents["d1"].of(Remark) if isinstance(c, Remark)]
    assert remark == "bleeding controlled"


async def test_two_people_at_one_cell_see_both_values_and_one_decides() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.recorded()
    item = hr_item(hospital.clock)
    mark = int(item.partition("@")[2])
    async with served(hospital) as url, visited(url, "anaesthetist", expected=("409",)) as page:
        await _record(page, url)
        await page.locator(f'#marks [data-item-key="{item}"]').click()
        dialog = page.locator("#loaded")
        await dialog.locator("[name='content.value']").fill("99")
        await dialog.locator("details#edit [data-reason=judgement]").click()
        other = Charted(signal="hr", mark_us=mark, time_us=mark, value=61.0, unit="/min")
        hospital.desk.set(
            hospital.actor("anaesthetist"), "c1", document="d1", item=item, after=0, content=other, reason="probe_off"
        )
        await dialog.locator("details#edit button.main").click()
        asked = page.locator("#conflict")
        await expect(asked.locator(".theirs.big")).to_have_text("61 /min")
        await expect(asked.locator(".mine")).to_have_text("99 /min")
        await picture(page, "conflict")
        await asked.locator("[data-reason=judgement]").click()
        await asked.get_by_role("button", name="Write mine").click()
        await expect(page.locator(f'#marks [data-item-key="{item}"]')).to_have_text("99")
    versions = hospital.desk.case("c1").documents["d1"].items[item].versions
    assert [v.content.value for v in versions if isinstance(v.content, Charted)] == [61.0, 99.0]


async def test_the_keyboard_alone_gives_a_drug_and_corrects_a_value() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.recorded()
    async with served(hospital) as url, visited(url, "anaesthetist") as page:
        await _record(page, url)
        await page.keyboard.press("?")
        await expect(page.locator("#help")).to_be_visible()
        await picture(page, "help")
        await page.keyboard.press("Escape")
        await page.keyboard.press("d")
        for _ in range(30):
            await page.keyboard.press("Tab")
            if await page.evaluate("() => document.activeElement.textContent") == "Ephedrine":
                break
        await page.keyboard.press("Enter")
        await expect(page.locator("#dose [data-amount='6']")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#toast")).to_contain_text("Ephedrine 6 mg")
        await page.keyboard.press("v")
        start = await page.evaluate("() => document.activeElement.dataset.item")
        assert start
        await page.keyboard.press("ArrowLeft")
        chosen = await page.evaluate("() => document.activeElement.dataset.item")
        assert chosen != start
        await page.keyboard.press("Enter")
        dialog = page.locator("#loaded")
        await expect(dialog).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
    (drug,) = [c for _, c in hospital.desk.case("c1").documents["d1"].of(Bolus) if isinstance(c, Bolus)]
    assert (drug.drug.en, drug.dose) == ("Ephedrine", 6.0)


async def test_a_device_with_another_patients_id_waits_for_a_decision() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.recorded()
    async with served(hospital) as url, visited(url, "anaesthetist", lang="zh") as page:
        await page.goto(f"{url}/cases/c1")
        await page.wait_for_load_state()
        held = DeviceHeld(device="monitor", told={"id": "20260099"}, from_us=hospital.clock.at_us)
        hospital.desk.hold("c1", held)
        banner = page.locator("#alerts .note.bad")
        await expect(banner).to_contain_text("20260099")
        await picture(page, "held")
        await banner.locator("[name=reason]").fill("wristband read")
        await banner.locator("select").select_option("true")
        await banner.locator("button.main").click()
        await expect(page.locator("#alerts .note.bad")).to_have_count(0)
    (judged,) = hospital.desk.case("c1").judged
    assert (judged.device, judged.same, judged.reason) == ("monitor", True, "wristband read")


async def test_a_form_is_kept_answer_by_answer() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.opened()
    hospital.desk.start(hospital.actor("anaesthetist"), "c1", template="preop_visit", document="v1")
    async with served(hospital) as url, visited(url, "anaesthetist", size="tablet") as page:
        await _record(page, url, document="v1")
        fields = page.locator("#answers .field[data-kind=text] textarea")
        await fields.nth(0).fill("none known")
        await fields.nth(1).fill("never smoked")
        await expect(page.locator("#answers-dirty")).to_be_visible()
        await picture(page, "form", whole=True)
        await page.locator("#answers button.main").click()
        await expect(page.locator("#answers-dirty")).to_be_hidden()
        await fields.nth(0).fill("penicillin")
        await page.locator("#answers button.main").click()
        await expect(page.locator("#answers-problem")).to_contain_text("reason")
        await page.locator("#answers [data-reason=typing_error]").click()
        await page.locator("#answers button.main").click()
        await expect(page.locator("#answers-dirty")).to_be_hidden()
    items = hospital.desk.case("c1").documents["v1"].items.values()
    said = [[v.content.value for v in i.versions if isinstance(v.content, Answer)] for i in items]
    assert said == [["none known", "penicillin"], ["never smoked"]]


async def test_a_dead_service_is_said() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.recorded()
    async with served(hospital) as url, visited(url, "anaesthetist", expected=("ERR_", "Failed")) as page:
        await _record(page, url)
        await expect(page.locator("#lost")).to_be_hidden()
        hospital.stop.set()
        await expect(page.locator("#lost")).to_be_visible()


@pytest.mark.parametrize(("lang", "size"), LOOKS)
async def test_everything_can_be_touched_named_and_read(lang: str, size: str) -> None:
    """Targets of 44 px, a name for each input and button, contrast of 4.5, nothing wider than the screen."""
    hospital = Hospital(idle_s=43_200, demo=True)
    hospital.recorded()
    hospital.desk.start(hospital.actor("anaesthetist"), "c1", template="preop_visit", document="v1")
    async with served(hospital) as url, visited(url, "anaesthetist", size=size, lang=lang) as page:
        for path in ("/", "/cases/c1", "/records/c1/d1", "/records/c1/v1", "/?dialog"):
            await page.goto(url + path)
            await page.wait_for_load_state()
            if path == "/?dialog":
                await page.locator("article", has_text="OR-04").locator("button.main").click()
                await expect(page.locator("#loaded")).to_be_visible()
                await picture(page, f"{size}-{lang}-open")
            found = await page.evaluate(CHECKS)
            assert found == [], (path, found)
    async with served(Hospital(idle_s=43_200)) as url, visited(url, "administrator", size=size, lang=lang) as page:
        for path in ("/accounts", "/libraries", "/audit?verify=begin"):
            await page.goto(url + path)
            await page.wait_for_load_state()
            assert await page.evaluate(CHECKS) == [], path
            await picture(page, f"{size}-{lang}-admin{path.partition('?')[0].replace('/', '-')}")


async def test_codes_staff_and_a_move_are_entered_without_typing_free() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.opened()
    async with served(hospital) as url, visited(url, "anaesthetist", lang="zh", size="tablet") as page:
        await page.goto(f"{url}/cases/c1")
        await page.wait_for_load_state()
        await page.keyboard.press("c")
        dialog = page.locator("#loaded")
        await dialog.locator("[data-show=code-technique]").click()
        form = dialog.locator("#code-technique")
        await form.locator("[type=search]").fill("全")
        await form.locator(".results button").first.click()
        await picture(page, "code")
        await form.locator("button.main").click()
        await expect(page.locator("#codes")).to_contain_text("全身麻醉")
        await page.keyboard.press("s")
        await dialog.locator("[name='content.name']").fill("李医生")
        await dialog.locator("[name='content.role']").select_option("surgeon")
        await dialog.locator("button.main").click()
        await expect(page.locator("#staff")).to_contain_text("李医生")
        await page.locator("#staff").get_by_role("button", name="离开").click()
        await expect(page.locator("#staff").get_by_role("button", name="离开")).to_have_count(0)
        await page.keyboard.press("n")
        await expect(page.locator("#events button.done")).to_have_count(1)
        await page.get_by_role("button", name="转床").click()
        await dialog.locator("[name=bed]").select_option("PACU-1")
        await dialog.locator("button.main").click()
        await expect(page.locator("#stays li")).to_have_count(2)
    case = hospital.desk.case("c1")
    (coded,), (person,), (event,) = case.coded, case.attendances, case.events
    term = hospital.libraries.named("techniques", coded.term.code)
    assert (coded.use, coded.term, "全" in coded.term.zh) == ("technique", term, True)
    assert (person.role, person.name, person.out_us is not None) == ("surgeon", "李医生", True)
    assert (event.key, case.bed, case.area) == ("t_suite_in", "PACU-1", "pacu")


async def test_an_administrator_makes_an_account_and_loads_a_library(tmp_path: Path) -> None:
    hospital = Hospital(idle_s=43_200)
    file = tmp_path / "own.csv"
    file.write_text("code,zh,en,valid_from,valid_to\nX1,甲,First,,\n", encoding="utf-8")
    async with served(hospital) as url, visited(url, "administrator", expected=("422",)) as page:
        await page.goto(f"{url}/accounts")
        await page.wait_for_load_state()
        form = page.locator("main form").first
        await form.locator("[name=account]").fill("zhao")
        await form.locator("[name=name]").fill("赵护士")
        await form.locator("[name=password]").fill("1234567890")
        await form.locator("[value=icu_nurse]").check()
        await form.locator("button.main").click()
        await expect(form.locator(".problem")).to_contain_text("common")
        await expect(form.locator("[name=name]")).to_have_value("赵护士")
        await form.locator("[name=password]").fill("a longer one than that")
        await form.locator("button.main").click()
        await expect(page.locator("#accounts")).to_contain_text("赵护士")
        await page.goto(f"{url}/libraries")
        await page.wait_for_load_state()
        form = page.locator("#library")
        await form.locator("[name=library]").fill("own")
        await form.locator("[name=version]").fill("2026.2")
        await form.locator("[type=file]").set_input_files(file)
        await form.locator("button.main").click()
        await expect(page.locator("#libraries")).to_contain_text("own")
    account = hospital.people.account("zhao")
    assert account is not None
    assert account.roles == {"icu_nurse"}
    library = hospital.libraries.current("own")
    assert library is not None
    assert (library.version, list(library.codings)) == ("2026.2", ["X1"])


async def test_what_is_pressed_before_the_scripts_have_come_is_done_then() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.opened()
    # Chromium says so where somebody types before it has come to the field that asks for the focus.
    quicker = ("Autofocus processing was blocked",)
    async with served(hospital) as url, visited(url, "anaesthetist", expected=quicker) as page:
        come = asyncio.Event()

        async def late(route: Route) -> None:
            await come.wait()
            await route.continue_()

        await page.route("**/static/*/main.js", late)
        await page.goto(f"{url}/cases/c1", wait_until="commit")
        await page.locator("#events button.next").click()
        assert not hospital.desk.case("c1").events
        come.set()
        await expect(page.locator("#toast")).to_contain_text("Saved")
        assert len(hospital.desk.case("c1").events) == 1
        come.clear()
        await page.locator("#sign-out").click()
        await page.wait_for_url("**/sign-in")
        await page.route("**/static/*/sign_in.js", late)
        await page.goto(f"{url}/sign-in?to=/\t/elsewhere.test/", wait_until="commit")
        await page.locator("[name=account]").fill("anaesthetist")
        await page.locator("[name=password]").fill(PASSWORD)
        await page.keyboard.press("Enter")
        assert "password" not in page.url
        come.set()
        await expect(page.locator("#sign-out")).to_be_visible()
        assert page.url == f"{url}/"


async def test_what_was_kept_and_not_answered_is_sent_again_and_kept_once() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.recorded()
    async with served(hospital) as url, visited(url, "anaesthetist", expected=("503", "ERR_FAILED")) as page:
        await page.add_init_script(A_CLOCK_THAT_TICKS_AT_EVERY_LOOK)
        await _record(page, url)

        async def lost(route: Route) -> None:
            await route.fetch()  # it is kept
            await route.fulfill(status=503, json={"key": "no_database", "text": "no answer", "params": {}})

        await page.route("**/api/records/**/items/*", lost)
        await page.locator("#tab-drugs [data-offer]", has_text="Propofol").click()
        await page.locator("#dose [name='content.dose']").fill("120")
        await page.locator("#dose button.main").click()
        await expect(page.locator("#dose .problem")).to_contain_text("no answer")
        await expect(page.locator("#dose [name='content.dose']")).to_have_value("120")
        await page.unroute("**/api/records/**/items/*")
        hospital.clock.go(20)
        await page.locator("#dose button.main").click()
        await expect(page.locator("#toast")).to_contain_text("Propofol 120 mg")
        await expect(page.locator("#conflict")).to_be_hidden()
    (given,) = [i for i, _ in hospital.desk.case("c1").documents["d1"].of(Bolus)]
    assert given.number == 1


async def test_a_library_from_a_spreadsheet_in_gbk_is_loaded_as_it_was_written(tmp_path: Path) -> None:
    hospital = Hospital(idle_s=43_200)
    file = tmp_path / "drugs.csv"
    file.write_bytes("code,zh,en,valid_from,valid_to\r\nX1,丙泊酚乳状注射液,Propofol,,\r\n".encode("gbk"))
    async with served(hospital) as url, visited(url, "administrator") as page:
        await page.goto(f"{url}/libraries")
        form = page.locator("#library")
        await form.locator("[name=library]").fill("drugs")
        await form.locator("[name=version]").fill("9.1")
        await form.locator("[data-file]").set_input_files(file)
        await page.locator("#library button.main").click()
        await expect(page.locator("#libraries tr", has_text="drugs")).to_contain_text("9.1")
    current = hospital.libraries.current("drugs")
    assert current is not None
    assert current.codings["X1"].term.zh == "丙泊酚乳状注射液"


async def test_a_value_of_ones_own_stands_at_the_mark_of_its_time() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.recorded()
    async with served(hospital) as url, visited(url, "anaesthetist") as page:
        await _record(page, url)
        await page.keyboard.press("m")
        form = page.locator("form[data-mark]")
        for name, value in (("temp", "36.4"), ("nibp_sys", "111"), ("rr", "31")):
            await form.locator('select[name="content.signal"]').select_option(name)
            await form.locator("[name='content.value']").fill(value)
            await form.locator("button.main").click()
            await expect(page.locator("#marks")).to_contain_text(value)
    own = [c for _, c in hospital.desk.case("c1").documents["d1"].of(Charted) if isinstance(c, Charted)]
    assert {c.mark_us for c in own} == {(hospital.clock.at_us + STEP_US // 2) // STEP_US * STEP_US}
    assert [(c.value, c.unit) for c in own] == [(36.4, "Cel"), (111.0, "mm[Hg]"), (31.0, "/min")]


async def test_what_still_runs_is_stopped_in_the_dialog_that_asks() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.recorded(emergency=True)
    gas = hospital.libraries.named("gases", "O2")
    assert gas is not None
    began_us = hospital.clock.at_us - 30 * MINUTE_US
    running = Infusion(what="gas", drug=gas, unit="L/min", rates=(Rate(at_us=began_us, rate=2.0),))
    hospital.desk.set(hospital.actor("anaesthetist"), "c1", document="d1", item="gas", after=0, content=running)
    async with served(hospital) as url, visited(url, "anaesthetist", lang="zh", size="tablet") as page:
        for path, opens in (("/records/c1/d1", "签名"), ("/cases/c1", "结束病例")):
            await page.goto(f"{url}{path}")
            await page.locator("button[data-load]", has_text=opens).first.click()
            await expect(page.locator("#still")).to_contain_text("仍在运行")
            await picture(page, f"still-running-{path[1:5]}")
            assert await page.evaluate(CHECKS) == []
        await page.locator("#still button").click()
        await expect(page.locator("#still")).to_have_count(0)
        await expect(page.locator("#loaded form[data-send$='/close']")).to_be_visible()
    stopped = hospital.desk.case("c1").documents["d1"].items["gas"].content
    assert isinstance(stopped, Infusion)
    assert stopped.stop_us is not None
    assert stopped.stop_us >= began_us
