/* What a person has to decide of a visit that was sent: both versions are shown, and nothing is given up unasked. */

import { lines } from "./visit_form.js";
import { button, el } from "./visit_parts.js";
import { written } from "./clock.js";
import { word } from "./words.js";

/* `decide`: { tooMine(), drop(), choose(fields of which mine is taken) }. */
export function decision(record, shape, decide) {
  if (record.state === "conflict") return somebodyElse(record, shape, decide);
  if (record.state === "refused") return el("section", { class: "note bad", role: "alert" }, el("p", {}, record.said.text ?? word("visit.refused")),
    el("div", { class: "row" }, button(word("visit.send_now"), decide.again), drop(decide)));
  if (record.state !== "attention") return null;
  const { differs, refused, lacking } = record.said;
  return el("section", { class: "note", role: "alert", id: "visit-attention" },
    record.sign && lacking.length > 0 && el("p", {}, word("visit.lacking", { what: lacking.map((l) => l.name).join(", ") })),
    refused.map((r) => el("p", { class: "problem" }, r.name)),
    differs.length > 0 && fields(differs, decide),
    refused.length > 0 && el("div", { class: "row" }, drop(decide)));
}

function somebodyElse(record, shape, decide) {
  return el("section", { class: "note bad", id: "visit-conflict", role: "alert" },
    el("p", {}, word("visit.somebody_else")),
    el("div", { class: "sides" },
      el("div", {}, el("b", {}, word("visit.theirs")), record.said.others.map(lines)),
      el("div", { class: "mine" }, el("b", {}, word("visit.yours")), el("ul", {}, said(record, shape).map((line) => el("li", {}, line))))),
    el("div", { class: "row" }, button(word("visit.write_too"), decide.tooMine, { class: "main", id: "write-too" }), drop(decide)));
}

const drop = (decide) => button(word("visit.drop"), () => { if (window.confirm(word("visit.drop_sure"))) decide.drop(); }, { class: "danger" });

/* What a record says, as lines. */
function said(record, shape) {
  const questions = shape.sections.flatMap((s) => s.fields);
  return questions.filter((f) => ![undefined, "", null].includes(record.answers[f.id])).map((f) => `${f.name}: ${text(f, record.answers[f.id])}`);
}

function text(field, value) {
  if (typeof value === "boolean") return word(value ? "yes" : "no");
  if (field.type === "time") return written(Date.parse(value)).slice(0, 16);
  const named = (code) => field.choices.find((c) => c.code === code)?.name ?? String(code);
  return Array.isArray(value) ? value.map(named).join(", ") : named(value);
}

function fields(differs, decide) {
  const mine = new Set();
  const box = el("div", {});
  const draw = () => box.replaceChildren(...differs.map((d) => el("div", { class: "sides", "data-differs": d.field },
    el("div", {}, el("b", {}, d.name), el("p", {}, d.theirs?.text ?? "–"), el("p", { class: "faint" }, d.theirs ? `${d.theirs.author_name} · ${d.theirs.at}` : ""),
      button(word("visit.keep_theirs"), () => { mine.delete(d.field); draw(); }, { "aria-pressed": String(!mine.has(d.field)) })),
    el("div", {}, el("b", {}, word("visit.yours")), el("p", {}, d.mine),
      button(word("visit.keep_mine"), () => { mine.add(d.field); draw(); }, { "aria-pressed": String(mine.has(d.field)) })))),
  button(word("visit.continue"), () => decide.choose(mine), { class: "main" }));
  draw();
  return box;
}
