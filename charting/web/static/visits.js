/* The visits of a department on a phone: the list, a form, and what waits here until it has arrived. */

import "./keys.js";
import { toast } from "./actions.js";
import { ask, newId } from "./api.js";
import { agree, nowMs, written as clock } from "./clock.js";
import { askWho } from "./session.js";
import { decision } from "./visit_conflict.js";
import { around, form } from "./visit_form.js";
import * as phone from "./visit_keep.js";
import { list, shown } from "./visit_list.js";
import { button, el, mark } from "./visit_parts.js";
import { corrects } from "./visit_record.js";
import * as store from "./visit_store.js";
import * as mail from "./visit_sync.js";
import { word } from "./words.js";

const AGAIN_MS = 10_000;
const TYPED_MS = 400;
const { account } = document.body.dataset;
const main = document.getElementById("visit-main");
const notes = document.getElementById("visit-notes");
const state = { visits: [], counts: [], kept_s: 86_400, tab: "now", whose: "", own: [], marks: new Map(), taken: new Map(), asOf: null };
let showing = null; // the open form: { id, record, shape, said (answers not kept yet), touched }
let progress = "";

/* From the service; else what was taken along, which is as of `asOf`. null: neither. */
async function given(path, what) {
  for (;;) {
    try {
      const said = await mail.fetched(path);
      if (said) {
        state.asOf = null;
        await phone.keep(what, said, said.kept_s);
        return said;
      }
      break;
    } catch (problem) {
      if (problem.status === 401) await askWho("sign_in");
      else if (problem.status === 423) await askWho("unlock");
      else {
        toast(problem.message, { bad: true });
        return (await own(what))?.given.said ?? null;
      }
    }
  }
  state.asOf = Date.now();
  if (await store.prepared()) await phone.open();
  const kept = (await store.kept(what)) ?? (await own(what))?.given;
  if (!kept) return null;
  state.asOf = kept.at;
  agree(kept.now + Date.now() - kept.at);
  return kept.said;
}

const own = async (id) => (await store.written()).find((record) => record.id === id);

async function marks() {
  const all = await store.written();
  state.marks = new Map(all.map((r) => [r.id, store.onPageOnly(r.id) ? "page_only" : r.state === "ready" ? "kept" : r.state]));
  state.own = all.map((r) => state.visits.find((v) => `${v.case}/${v.kind}` === r.id) ?? r.visit);
  state.taken = await store.taken();
  return all;
}

/* A time of the phone's clock, as the service's clock tells it. */
const told = (ms) => clock(nowMs() + ms - Date.now()).slice(5, 16);

/* What a person must know before anything else: no network, and what has not arrived. */
async function tell() {
  const here = await marks();
  const others = await store.waiting();
  const locked = store.unlocked() ? 0 : (others.find((o) => o.account === account)?.n ?? 0);
  const waits = here.filter((r) => r.state === "ready" || r.sending).length;
  const hindered = { sign_in: ["sign_in", "visit.needs_sign_in"], unlock: ["unlock", "visit.needs_unlock"] }[mail.hindrance];
  const until = Math.max(0, ...state.taken.values());
  const forms = [...state.taken.keys()].filter((what) => what !== "list").length;
  const send = async () => {
    if (hindered) await askWho(hindered[0]);
    await deliver();
  };
  notes.replaceChildren(...[
    state.asOf && el("p", { class: "note", id: "visit-offline" }, word("visit.offline", { at: told(state.asOf) })),
    !store.able() && el("p", { class: "note" }, word("visit.insecure")),
    progress && el("p", { class: "note", role: "status" }, progress),
    forms > 0 && !progress && el("p", { class: "faint", id: "visit-taken" }, word("visit.taken", { n: forms, at: told(until) })),
    locked > 0 && el("div", { class: "note", id: "visit-locked" }, el("p", {}, word("visit.waiting", { n: locked })),
      phone.oldPassword ? phone.byOldPassword(deliver) : button(word("visit.needs_key"), () => askWho("unlock"))),
    waits > 0 && el("div", { class: "note", id: "visit-waiting" }, el("p", {}, word("visit.waiting", { n: waits })),
      hindered && el("p", {}, word(hindered[1])),
      mail.hindrance === "other" ? el("p", {}, word("visit.needs_other", { name: document.querySelector(".who").textContent }))
        : button(word("visit.send_now"), send, { id: "visit-send" })),
    here.some((r) => store.onPageOnly(r.id)) && store.able() && button(word("visit.keep_here"), keepHere, { class: "main wide", id: "keep-here" }),
    ...others.filter((o) => o.account !== account).map((o) => el("p", { class: "note", "data-other": o.account }, word("visit.others_here", o))),
  ].filter(Boolean));
}

async function keepHere() {
  if (await phone.open()) {
    await store.keepWritten();
    await store.keepPages().catch(() => {});
  }
  await draw();
}

/* Sends what is ready, and shows what became of it. */
async function deliver() {
  await mail.sync((id, became) => {
    state.marks.set(id, became);
    if (became.startsWith("sent")) toast(word(`visit.${became}`));
    if (showing?.id === id && became === "sending") document.getElementById("visit-mark")?.replaceChildren(mark(became));
  });
  if (!showing) {
    if (!mail.hindrance) await load();
    return showing ? tell() : draw(); // a form may have been opened meanwhile
  }
  const at = showing;
  const now = await own(at.id);
  if (showing !== at) return tell();
  if (!now && !at.touched && at.record.state !== "open") return home();
  if (!now || now.state === at.record.state) return tell(); // what is being written is not drawn anew
  at.record = { ...now, answers: { ...now.answers, ...at.said } };
  return draw();
}

async function load() {
  const said = await given("/api/visits", "list");
  if (said) Object.assign(state, said);
  state.whose ||= state.visits.some((v) => v.mine) ? "mine" : "all";
}

async function draw() {
  await tell();
  if (showing) drawForm();
  else if (state.asOf && !state.visits.length) main.replaceChildren(el("p", { class: "card" }, word("visit.offline_none")));
  else main.replaceChildren(list(state, { go, begin, choose, take: store.able() && !state.asOf ? take : null }));
}

function choose(what) {
  Object.assign(state, what);
  draw();
}

async function take() {
  if (!(await phone.open())) return;
  const whose = { whose: state.whose };
  const wanted = ["now", "later"].flatMap((tab) => shown(state.visits, { ...whose, tab })).filter((v) => v.case);
  const { visits, counts, now_us, kept_s } = state;
  const missing = await phone.take(wanted, { visits, counts, now_us, kept_s }, (n) => {
    progress = word("visit.taking", { n, all: wanted.length });
    tell();
  });
  progress = missing ? word("visit.taken_not", { n: missing }) : "";
  await draw();
}

// One visit

/* The case of a booking, so that the visit has where to be written; pressed twice it is one. */
const begun = new Map();
async function begin({ booking }) {
  if (!begun.has(booking)) begun.set(booking, newId());
  try {
    const { case: of } = await ask("POST", "/api/visits/planned", { booking, case: begun.get(booking) });
    go(null, { case: of, kind: "preop" });
  } catch (problem) {
    toast(problem.message, { bad: true });
  }
}

function go(event, visit) {
  event?.preventDefault();
  window.history.pushState(null, "", `/visits/${visit.case}/${visit.kind}`);
  route();
}

async function openForm(of, kind) {
  const id = `${of}/${kind}`;
  const { pathname } = window.location;
  const mine = (await store.waiting()).some((o) => o.account === account);
  if (mine && !store.unlocked()) await phone.open();
  const shape = await given(`/api/visits/${id}`, id);
  const record = (await own(id)) ?? (shape && fresh(id, of, kind, shape));
  if (window.location.pathname !== pathname) return; // another was chosen meanwhile
  if (!shape) {
    await tell();
    main.replaceChildren(el("p", { class: "card" }, word(state.asOf ? "visit.offline_one" : "visit.none")), back());
    return;
  }
  showing = { id, shape, record, said: {}, touched: false };
  await draw();
  window.scrollTo(0, 0);
}

const fresh = (id, of, kind, shape) => ({
  id, case: of, kind, visit: shape.visit, document: shape.document || newId(), base: shape.answers,
  answers: Object.fromEntries(Object.entries(shape.answers).map(([field, { value }]) => [field, value])),
  seen: shape.seen, sign: false, reason: "", state: "open", sending: null, said: null, given: phone.stamped(shape),
});

const back = () => button(`‹ ${word("visit.back")}`, home, { id: "visit-back" });

function drawForm() {
  const at = showing;
  const { record, shape } = at;
  const { visit } = shape;
  const became = state.marks.get(at.id);
  main.replaceChildren(...[
    el("div", { class: "head card" }, back(),
      el("div", { class: "grow" }, el("h2", {}, `${visit.ward_bed} ${visit.name}`),
        el("p", { class: "faint" }, [visit.who, visit.number, visit.ward].filter(Boolean).join(" · ")),
        el("p", {}, el("b", {}, shape.title), ` · ${word(`visit.state.${visit.state}`)} ${visit.reason}`)),
      el("span", { id: "visit-mark" }, became && mark(became))),
    decision(record, shape, deciding()),
    ...around(shape),
    shape.may_write ? form(shape, record, { changed: (said) => changed(at, said), save: (sign) => save(at, sign), needsReason: () => corrects(record) })
      : el("p", { class: "note" }, word("visit.read_only")),
  ].filter(Boolean));
}

/* What is typed is kept at once, unfinished. */
let typed = 0;
function changed(at, said) {
  at.touched = true;
  Object.assign(at.said, said);
  clearTimeout(typed);
  typed = setTimeout(() => stash(at, { state: "open" }).then(tell), TYPED_MS);
}

/* Only what was said here: another page of this phone may have written on. */
async function stash(at, more) {
  clearTimeout(typed);
  const { record, said } = at;
  const { reason } = record;
  at.said = {};
  const next = await mail.save(at.id, (known) => ({ ...(known ?? record), answers: { ...(known ?? record).answers, ...said }, reason, ...more }));
  Object.assign(record, next, { answers: { ...next.answers, ...at.said } });
}

async function save(at, sign) {
  const { record } = at;
  if (corrects(record) && !record.reason) {
    document.getElementById("visit-reason").hidden = false;
    toast(word("reason_needed"), { bad: true });
    return;
  }
  at.touched = false;
  await stash(at, { state: "ready", sign, said: null });
  await deliver();
  if (showing === at && at.record.state === "ready") home();
}

function deciding() {
  const { id } = showing;
  const again = async (change) => {
    const next = await mail.save(id, (known) => known && { ...known, ...change(known), state: "ready", said: null });
    if (next && showing?.id === id) {
      showing.record = next;
      await draw();
    }
    await deliver();
  };
  return {
    again: () => again(() => ({})),
    tooMine: () => again((known) => ({ seen: [...known.seen, ...known.said.seen] })),
    drop: async () => {
      clearTimeout(typed);
      showing.touched = false;
      await mail.give(id);
      await home();
    },
    choose: (mine) => again((known) => ({
      reason: known.reason || "judgement",
      answers: { ...known.answers, ...Object.fromEntries(known.said.differs.filter((d) => !mine.has(d.field)).map((d) => [d.field, d.theirs?.value?.value ?? ""])) },
    })),
  };
}

// The pages

/* What was typed last is kept before another page comes. */
async function leave() {
  if (showing?.touched) await stash(showing, { state: "open" });
  showing = null;
}

async function home() {
  await leave();
  if (window.location.pathname !== "/visits") window.history.pushState(null, "", "/visits");
  await draw(); // at once: the form is left, however slow the network
  await load();
  if (!showing) await draw();
}

async function route() {
  const [, , of, kind] = window.location.pathname.split("/");
  await leave();
  if (of && kind) await openForm(decodeURIComponent(of), kind);
  else await home();
}

window.addEventListener("popstate", route);
window.addEventListener("online", deliver);
window.addEventListener("beforeunload", (event) => {
  if ([...state.marks.values()].includes("page_only")) event.preventDefault();
});
setInterval(async () => {
  if ((await store.written()).some((r) => r.state === "ready" || r.sending)) await deliver();
  else if (state.asOf && !showing && window.location.pathname === "/visits") await home();
}, AGAIN_MS);

store.of(account);
phone.guard({ opened: () => deliver(), shut: () => {} });
await store.tidy();
if ("serviceWorker" in navigator) {
  const { worker } = document.querySelector("script[data-worker]").dataset;
  navigator.serviceWorker.register(worker, { scope: "/visits" }).catch(() => {});
}
window.dispatchEvent(new Event("ready"));
if (window.location.pathname !== "/visits") await load(); // it tells the time: that of a kept page is old
await route();
