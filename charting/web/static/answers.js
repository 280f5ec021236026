/* The questions of a document: written as a whole, each answer kept by itself. What is not kept yet is said and stays. */

import { ask, Problem } from "./api.js";
import { conflictOf, toast } from "./actions.js";
import { toUs } from "./clock.js";
import { refresh } from "./live.js";
import { word } from "./words.js";

const form = document.getElementById("answers");

/* What stands in a field, as the service takes it; undefined: nothing. */
function valueOf(field) {
  const { kind } = field.dataset;
  if (kind === "multi") return [...field.querySelectorAll("input:checked")].map((box) => box.value);
  if (kind === "term") {
    const chosen = field.querySelector("[data-type=json]").value;
    const text = field.querySelector("[type=search]").value.trim();
    if (chosen) return JSON.parse(chosen).code;
    return text ? null : "";
  }
  const text = field.querySelector("input, select, textarea").value;
  if (kind === "text" || kind === "choice" || kind === "date") return text;
  if (text === "") return undefined;
  if (kind === "bool") return text === "true";
  if (kind === "number") return Number(text);
  return new Date(toUs(text) / 1000).toISOString(); // a time
}

const was = (field) => JSON.parse(field.dataset.was);
const same = (a, b) => {
  if (a instanceof Array) return b instanceof Array ? a.length === b.length && a.every((x) => b.includes(x)) : !a.length;
  return a === b || (b === null && (a === "" || a === undefined));
};
const time = (text) => (typeof text === "string" ? Date.parse(text) : NaN);
const changed = (field) => {
  const value = valueOf(field);
  if (field.dataset.kind === "time" && was(field) && Math.abs(time(value) - time(was(field))) < 60_000) return false;
  return !same(value, was(field));
};
const fields = () => [...form.querySelectorAll(".field")];
const answered = (field) => was(field) !== null && was(field) !== "" && Number(field.dataset.after) > 0;

function look() {
  const dirty = fields().filter(changed);
  document.getElementById("answers-dirty").hidden = !dirty.length;
  document.getElementById("answers-reason").hidden = !dirty.some(answered);
}

async function keep(field, reason) {
  const said = field.querySelector(".problem");
  said.textContent = "";
  const value = valueOf(field);
  if (value === null) {
    said.textContent = word("choose_code");
    return false;
  }
  const id = field.dataset.field;
  const path = `${form.dataset.answers}/items/field:${id}`;
  const body = { after: Number(field.dataset.after), content: { kind: "answer", field: id, value } };
  if (answered(field)) body.reason = reason;
  try {
    if (value === undefined) await ask("POST", `${path}/void`, { after: body.after, reason });
    else await ask("PUT", path, body);
    field.dataset.after = String(body.after + 1);
    field.dataset.was = JSON.stringify(value ?? null);
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    said.textContent = problem.message;
    if (problem.said.current !== undefined) {
      conflictOf(form, "PUT", path, body, problem);
      field.dataset.after = String(problem.said.current?.number ?? 0);
    }
    return false;
  }
}

if (form?.querySelector("button.main")) {
  form.addEventListener("input", look);
  form.addEventListener("change", look);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = document.getElementById("answers-problem");
    said.textContent = "";
    const dirty = fields().filter(changed);
    const reason = form.elements.reason?.value ?? "";
    if (dirty.some(answered) && !reason) {
      look();
      said.textContent = word("reason_needed");
      return;
    }
    let kept = 0;
    for (const field of dirty) if (await keep(field, reason)) kept += 1; // one after the other: each is a version
    look();
    if (kept < dirty.length) said.textContent = word("not_all_kept", { n: dirty.length - kept });
    else {
      if (form.elements.reason) form.elements.reason.value = "";
      for (const part of [form, form.closest("[data-live]")]) delete part?.dataset.dirty; // nothing is left to be kept
      toast(word("saved"));
    }
    refresh();
  });
  window.addEventListener("beforeunload", (event) => {
    if (fields().some(changed)) event.preventDefault();
  });
}
