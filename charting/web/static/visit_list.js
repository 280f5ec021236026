/* The list: who is due first, by ward and bed. */

import { nowMs } from "./clock.js";
import { button, chips, el, mark, when } from "./visit_parts.js";
import { word } from "./words.js";

const DAY_US = 86_400_000_000;
const RANK = ["overdue", "due", "missed", "not_yet", "done", "not_applicable"];

/* States of each tab; what is far away, or long gone, is on none. */
const TABS = {
  now: (v) => v.state === "due" || v.state === "overdue",
  later: (v, now) => v.state === "not_yet" && (v.opens_us === null || v.opens_us < now + DAY_US),
  done: (v, now) => v.state === "done" && v.done_us > now - 2 * DAY_US,
  missed: (v, now) => v.state === "missed" && v.closes_us > now - 3 * DAY_US,
};

/* Visits of a tab; whose: mine or all. */
export function shown(visits, { tab, whose }) {
  const now = nowMs() * 1000;
  const found = visits.filter((v) => TABS[tab](v, now) && (whose === "all" || v.mine));
  return found.sort((a, b) => RANK.indexOf(a.state) - RANK.indexOf(b.state) || (a.late_us ?? Infinity) - (b.late_us ?? Infinity)
    || a.ward_bed.localeCompare(b.ward_bed, undefined, { numeric: true }));
}

/* `state`: { visits, own (those that are on this phone), counts, tab, whose, marks, taken }; `go`: to a visit; `begin`: the case
   of a booking; `choose`: another tab or filter. What has not arrived is on top, wherever it belongs. */
export function list(state, { go, begin, choose, take }) {
  const found = shown(state.visits, state).filter((v) => !state.marks.has(`${v.case}/${v.kind}`));
  const wards = new Map();
  for (const visit of found) wards.set(visit.ward, [...(wards.get(visit.ward) ?? []), visit]);
  const count = (tab) => shown(state.visits, { ...state, tab }).length;
  return el("div", { class: "visit-list" },
    chips(word("visit.whose"), ["mine", "all"].map((k) => [k, word(`visit.${k}`)]), state.whose, (whose) => choose({ whose })),
    chips(word("visit.tabs"), Object.keys(TABS).map((k) => [k, `${word(`visit.${k}`)} ${count(k)}`]), state.tab, (tab) => choose({ tab })),
    state.own.length > 0 && el("section", { class: "card", id: "visit-own" }, el("h2", {}, word("visit.here")),
      el("ul", {}, state.own.map((visit) => el("li", {}, row(visit, state, { go, begin }))))),
    take && found.some((v) => v.case) && el("div", { class: "card" },
      el("p", { class: "faint" }, word("visit.take_say", { hours: Math.round(state.kept_s / 3600) })),
      button(word("visit.take"), take, { id: "take", class: "main wide" })),
    [...wards].map(([ward, visits]) => el("section", { class: "card" },
      el("h2", {}, ward || word("visit.ward_none")),
      el("ul", {}, visits.map((visit) => el("li", {}, row(visit, state, { go, begin })))))),
    !found.length && el("p", { class: "card faint" }, word("visit.nobody")),
    state.counts.length > 0 && counts(state.counts));
}

function row(visit, state, { go, begin }) {
  const id = `${visit.case}/${visit.kind}`;
  const own = state.marks.get(id);
  const inside = [
    el("span", { class: "bed" }, visit.ward_bed || "–"),
    el("span", { class: "grow" },
      el("b", {}, visit.name), " ", el("span", { class: "faint" }, [visit.who, visit.number].filter(Boolean).join(" · ")),
      el("span", { class: "line" }, visit.kind_name, visit.procedure ? ` · ${visit.procedure}` : ""),
      el("span", { class: "line faint" }, times(visit))),
    el("span", { class: "marks" },
      el("span", { class: `tag ${{ overdue: "bad", due: "warn", missed: "bad", done: "good" }[visit.state] ?? ""}` }, word(`visit.state.${visit.state}`)),
      visit.phone && el("span", { class: "tag" }, word("visit.phone")),
      own ? mark(own) : state.taken.has(id) && el("span", { class: "tag", "data-mark": "taken" }, word("visit.taken_one"))),
  ];
  if (!visit.case) return el("div", { class: "visit", "data-booking": visit.booking }, inside, state.asOf === null && button(word("visit.open_case"), () => begin(visit)));
  return el("a", { class: "visit", href: `/visits/${id}`, "data-visit": id, onclick: (event) => go(event, visit) }, inside);
}

function times(visit) {
  const now = nowMs();
  const at = (us) => when(us, now);
  return [
    visit.state === "done" && word("visit.at", { at: at(visit.done_us) }),
    visit.state === "done" && !visit.in_time && word("visit.out_of_time"),
    visit.state === "not_yet" && visit.opens_us && word("visit.from", { at: at(visit.opens_us) }),
    (visit.state === "due" || visit.state === "overdue") && (visit.closes_us ?? visit.planned_us)
      && word("visit.until", { at: at(visit.closes_us ?? visit.planned_us) }),
    visit.planned_us && word("visit.operation", { at: at(visit.planned_us) }),
    visit.reason,
    visit.author_name && visit.state !== "done" ? word("visit.draft", { name: visit.author_name }) : visit.author_name,
  ].filter(Boolean).join(" · ");
}

function counts(rows) {
  const columns = ["asked", "in_time", "late", "missed", "open"];
  return el("section", { class: "card" }, el("h2", {}, word("visit.counts")),
    el("div", { class: "scroll" }, el("table", { id: "visit-counts" },
      el("thead", {}, el("tr", {}, el("th", {}), columns.map((c) => el("th", { class: "n" }, word(`visit.counts_${c}`))))),
      el("tbody", {}, rows.map((r) => el("tr", { "data-kind": r.kind }, el("th", { scope: "row" }, r.kind_name),
        columns.map((c) => el("td", { class: "n" }, String(r[c])))))))));
}
