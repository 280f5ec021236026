/* A visit's form, for one thumb. Tapping what is chosen takes it back: unanswered is neither yes nor no. */

import { local, nowUs, toUs } from "./clock.js";
import { fetched } from "./visit_sync.js";
import { button, chips, el } from "./visit_parts.js";
import { word } from "./words.js";

const STEPS = 11; // so many whole numbers fit as buttons

/* One question. `say(value)` is called with each change; undefined: taken back. */
function question(field, value, say) {
  const name = `${field.name}${field.unit ? ` (${field.unit})` : ""}`;
  const box = el("div", { class: "question", "data-field": field.id });
  const draw = (now) => {
    const choose = (code) => {
      const next = code === now ? undefined : code;
      say(next);
      draw(next);
      focus(box, code);
    };
    box.replaceChildren(
      el("p", { class: "ask" }, name, field.required && el("span", { class: "faint" }, ` · ${word("visit.required")}`)),
      input(field, now, { choose, say, redraw: draw }));
  };
  draw(value);
  return box;
}

/* What was tapped keeps the focus, though it is drawn anew. */
const focus = (box, code) => box.querySelector(`[data-code="${CSS.escape(String(code))}"]`)?.focus();

function input(field, value, { choose, say, redraw }) {
  const named = { "aria-label": field.name };
  const typed = (event) => say(event.target.value === "" ? undefined : event.target.value);
  switch (field.type) {
    case "bool": return chips(field.name, [[true, word("yes")], [false, word("no")]], value, choose);
    case "choice": return chips(field.name, field.choices.map((c) => [c.code, c.name]), value, choose);
    case "multi": return several(field, value ?? [], say, redraw);
    case "term": return term(field, value, choose);
    case "number": return number(field, value, { choose, say, named });
    case "time": return el("div", { class: "row" },
      el("input", { type: "datetime-local", value: value ? local(Date.parse(value) * 1000) : "", ...named,
        oninput: (event) => { const us = toUs(event.target.value); say(us === null ? undefined : iso(us)); } }),
      button(word("visit.set_now"), () => { const now = iso(nowUs()); say(now); redraw(now); }, { "data-now": true }));
    case "date": return el("input", { type: "date", value: value ?? "", oninput: typed, ...named });
    default: return el("textarea", { rows: "2", maxlength: "3900", value: value ?? "", oninput: typed, ...named });
  }
}

const iso = (us) => new Date(Math.floor(us / 60_000_000) * 60_000).toISOString();

function several(field, chosen, say, redraw) {
  return el("div", { class: "seg", role: "group", "aria-label": field.name }, field.choices.map((c) =>
    button(c.name, (event) => {
      const box = event.target.closest(".question");
      const next = chosen.includes(c.code) ? chosen.filter((code) => code !== c.code) : [...chosen, c.code];
      say(next.length ? next : undefined);
      redraw(next);
      focus(box, c.code);
    }, { "aria-pressed": String(chosen.includes(c.code)), "data-code": c.code })));
}

function number(field, value, { choose, say, named }) {
  const { low, high } = field;
  if (low !== null && high !== null && high - low < STEPS && Number.isInteger(low)) {
    const steps = Array.from({ length: high - low + 1 }, (_, i) => low + i);
    return el("div", { class: "steps" }, chips(field.name, steps.map((n) => [n, String(n)]), value, choose));
  }
  return el("input", { type: "number", inputmode: "decimal", step: "any", min: low, max: high, value: value ?? "", ...named,
    oninput: (event) => say(event.target.value === "" ? undefined : Number(event.target.value)) });
}

/* A code: of those that are here; where there are more, they are looked for. */
function term(field, value, choose) {
  const options = (choices) => chips(field.name, choices.map((c) => [c.code, c.name]), value, choose);
  const known = field.choices.some((c) => c.code === value) || !value;
  const box = el("div", { class: "term" }, options(known ? field.choices : [{ code: value, name: value }, ...field.choices]));
  if (!field.library) return box;
  const found = el("div", {});
  const search = async (event) => {
    const text = event.target.value.trim();
    const terms = text ? await fetched(`/api/libraries/${field.library}/terms?text=${encodeURIComponent(text)}`).catch(() => null) : [];
    const choices = (terms ?? []).map((t) => ({ code: t.code, name: `${t.code} ${t[document.body.dataset.lang]}` }));
    found.replaceChildren(options(choices));
  };
  box.append(el("input", { type: "search", placeholder: word("visit.more_terms"), "aria-label": `${field.name}: ${word("visit.more_terms")}`, onchange: search }), found);
  return box;
}

/* The form of a record: { answers, sign, reason }. `changed` with each answer that is given; `save(sign)`; `needsReason()`. */
export function form(shape, record, { changed, save, needsReason }) {
  const reasons = JSON.parse(document.getElementById("visit-main").dataset.reasons);
  const why = el("section", { class: "card", id: "visit-reason", hidden: true }, el("p", {}, word("visit.changes")));
  const drawReasons = () => {
    why.querySelector(".seg")?.remove();
    why.append(chips(word("visit.changes"), Object.entries(reasons).filter(([code]) => code !== "other"), record.reason, (code) => {
      record.reason = code;
      drawReasons();
      changed({});
    }));
  };
  drawReasons();
  const look = () => { why.hidden = !needsReason(); };
  const say = (field) => (value) => {
    record.answers[field] = value ?? "";
    look();
    changed({ [field]: value ?? "" });
  };
  look();
  return el("form", { id: "visit-form", onsubmit: (event) => event.preventDefault() },
    shape.sections.map((section) => el("section", { class: "card" }, el("h2", {}, section.name),
      section.fields.map((field) => question(field, record.answers[field.id] === "" ? undefined : record.answers[field.id], say(field.id))))),
    why,
    el("div", { class: "foot" },
      el("p", { class: "faint small" }, word("visit.sign_say")),
      el("div", { class: "row" },
        button(word("visit.save"), () => save(false), { id: "visit-save" }),
        button(word("visit.save_sign"), () => save(true), { id: "visit-sign", class: "main" }))));
}

/* What the anaesthetic was, and what others wrote. */
export function around(shape) {
  return [
    el("details", { class: "card", open: true }, el("summary", {}, word("visit.summary")),
      el("dl", {}, shape.summary.flatMap(({ name, text }) => [el("dt", {}, name), el("dd", {}, text)]))),
    shape.papers.length > 0 && el("details", { class: "card" }, el("summary", {}, `${word("visit.papers")} ${shape.papers.length}`),
      shape.papers.map((paper) => lines(paper))),
  ];
}

export const lines = (paper) => el("div", { class: "paper" },
  el("p", {}, el("b", {}, paper.author_name), ` · ${paper.at} · ${word(paper.signed ? "visit.signed" : "visit.unsigned")}`),
  el("ul", {}, paper.lines.map((line) => el("li", {}, line))));

