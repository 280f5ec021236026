/* Forms and buttons that send something. The markup says what:
   data-send="METHOD /path", {item} in it is an id made here, once, so that a thing sent twice is one thing;
   data-body: JSON to begin with, "{now}" in it is the chosen time, "{id}" the id; inputs are put into it by their dotted names;
   data-then: close, renew (a new id and an empty form), go:/path (with {…} of the answer), load:/path (the dialog anew), reload; data-undo: path of a void. */

import { ask, newId, Problem } from "./api.js";
import { nowUs, toUs } from "./clock.js";
import { refresh } from "./live.js";
import { word } from "./words.js";

const byId = (id) => document.getElementById(id);

/* What is said for a while at the foot of the page. */
export function toast(text, { bad = false, button = "", press = null, ms = 6000 } = {}) {
  const box = byId("toast");
  box.replaceChildren(document.createTextNode(text));
  box.classList.toggle("bad", bad);
  if (button) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = button;
    made.addEventListener("click", () => { box.hidden = true; press(); });
    box.append(made);
  }
  box.hidden = false;
  box.hidePopover?.();
  box.showPopover?.(); // above an open dialog
  clearTimeout(box.timer);
  box.timer = setTimeout(() => { box.hidden = true; }, bad ? 20_000 : ms);
}

const SAME_US = 120_000_000; // sent again so soon, it is the same

/* The time that was chosen, else now; of what was sent and perhaps kept, the time at which it was sent first. */
function chosenTime(element) {
  const when = element.closest("[data-when]")?.querySelector("[name=when]");
  const [now, sent] = [nowUs(), Number(element.dataset.sent ?? 0)];
  return (when && toUs(when.value)) ?? (now - sent < SAME_US ? sent : now);
}

function filled(text, element, at) {
  if (text === undefined) return {};
  if (text.includes('"{id}"')) element.dataset.item ??= newId();
  const said = text.replaceAll('"{now}"', () => String(at));
  return JSON.parse(said.replaceAll('"{id}"', () => JSON.stringify(element.dataset.item)));
}

function put(body, name, value) {
  const parts = name.split(".");
  const last = parts.pop();
  let at = body;
  for (const part of parts) {
    at[part] ??= /^\d+$/.test(part) ? [] : {};
    at = at[part];
  }
  at[last] = value;
}

function read(input) {
  const { type } = input.dataset;
  if (input.type === "checkbox") return type === "list" ? undefined : input.checked;
  if (input.type === "radio" && !input.checked) return undefined;
  if (input.value === "" && type !== "text") return input.dataset.null === undefined ? undefined : null;
  if (type === "us") return toUs(input.value) ?? undefined;
  if (type === "number") return Number(input.value);
  if (type === "json") return JSON.parse(input.value);
  if (type === "yes") return input.value === "true";
  return input.value;
}

/* What a form says, as JSON. */
function bodyOf(form, at) {
  const body = filled(form.dataset.body, form, at);
  const lists = {};
  for (const input of form.elements) {
    if (!input.name || input.disabled || input.name === "when") continue;
    if (input.dataset.type === "list") {
      lists[input.name] ??= [];
      if (input.checked) lists[input.name].push(input.value);
      continue;
    }
    const value = read(input);
    if (value !== undefined) put(body, input.name, value);
  }
  for (const [name, values] of Object.entries(lists)) put(body, name, values);
  const adds = form.dataset.add; // a list of the content that what was typed is added to: "content.rates"
  if (adds) body.content.rates = [...body.content.rates, { at_us: at, rate: body.rate }];
  if (adds) delete body.rate;
  if (form.dataset.score !== undefined) {
    body.content.total = Object.values(body.content.parts ?? {}).reduce((sum, value) => sum + value, 0);
  }
  return body;
}

/* A value of one's own goes into the cell of its time's mark, which the service knows. */
async function intoCell(form, body, at) {
  const { mark_us } = await ask("GET", `${form.dataset.mark}?at_us=${at}`);
  const { unit } = form.elements["content.signal"].selectedOptions[0].dataset;
  Object.assign(body.content, { time_us: at, mark_us, unit });
  form.dataset.item = `${body.content.signal}@${mark_us}`;
}

function target(element) {
  const [method, path] = element.dataset.send.split(" ");
  if (path.includes("{item}")) element.dataset.item ??= newId();
  return [method, path.replace("{item}", encodeURIComponent(element.dataset.item ?? ""))];
}

/* Text of a file: UTF-8, else GB18030 (GBK), as spreadsheets in China write it. */
async function textOf(file) {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes); // what is neither is found by the service
  }
}

/* A chosen file's text goes into the body; an input with data-path ends the path. */
async function withFiles(form, path, body) {
  for (const input of form.querySelectorAll("[data-file]")) body[input.dataset.file] = input.files[0] ? await textOf(input.files[0]) : "";
  const end = form.querySelector("[data-path]");
  if (!end) return path;
  delete body[end.name];
  return path + encodeURIComponent(end.value);
}

async function submit(form) {
  const button = form.querySelector("button:not([type=button])");
  const said = form.querySelector(".problem");
  if (form.busy) return;
  form.busy = true;
  if (button) button.disabled = true;
  if (said) said.textContent = "";
  const tell = (text) => {
    if (said) said.textContent = text;
    else toast(text, { bad: true });
  };
  try {
    const at = chosenTime(form);
    const body = bodyOf(form, at);
    if (form.dataset.mark) await intoCell(form, body, at);
    const [method, begun] = target(form);
    const path = await withFiles(form, begun, body);
    await deliver(form, method, path, body, tell, at);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    tell(problem.message);
  } finally {
    form.busy = false;
    if (button) button.disabled = false;
  }
}

async function press(button) {
  if (button.busy) return;
  button.busy = true;
  button.setAttribute("aria-busy", "true");
  const [method, path] = target(button);
  const at = chosenTime(button);
  const body = button.dataset.body === undefined ? undefined : filled(button.dataset.body, button, at);
  const send = () =>
    deliver(button, method, path, body, (text, unsure) => {
      toast(text, { bad: true, ...(unsure ? { button: word("again"), press: send } : {}) });
    }, at);
  try {
    await send();
  } finally {
    button.busy = false;
    button.removeAttribute("aria-busy");
  }
}

/* at: when it was sent first. Where nobody knows whether it was kept, the same is sent again. */
async function deliver(element, method, path, body, tell, at) {
  try {
    delete element.dataset.sent;
    if (element.dataset.as === "blob") await download(method, path, body, element.dataset.name);
    else done(element, path, await ask(method, path, body));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status === 409 && problem.said.current !== undefined) return conflictOf(element, method, path, body, problem);
    const unsure = problem.status === 0 || problem.status >= 500;
    if (at && unsure) element.dataset.sent = String(at);
    tell(problem.message, unsure);
  }
  return undefined;
}

function done(element, path, answer) {
  const [then, where] = (element.dataset.then ?? "renew").split(/:(.*)/s);
  if (then === "go") {
    window.location.assign(where.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer[name])));
    return;
  }
  if (then === "reload") {
    window.location.reload();
    return;
  }
  const when = element.closest("[data-when]")?.querySelector("[name=when]");
  if (when) when.value = "";
  for (const part of [element.closest("form"), element.closest("[data-live]")]) delete part?.dataset.dirty;
  if (then === "load") load(where);
  if (then === "close") element.closest("dialog")?.close();
  if (then === "renew") {
    delete element.dataset.item;
    if (element instanceof HTMLFormElement) {
      element.reset();
      element.dispatchEvent(new CustomEvent("renew"));
    }
  }
  if (then !== "stay") {
    const undo = element.dataset.undo && path.includes("/items/");
    toast(element.dataset.said ?? word("saved"), undo ? { button: word("undo"), press: () => take(path) } : {});
  } else element.dispatchEvent(new CustomEvent("kept", { detail: answer }));
  refresh();
}

async function take(path) {
  try {
    await ask("POST", `${path}/void`, { after: 1, reason: "typing_error" });
    toast(word("undone"));
    refresh();
  } catch (problem) {
    toast(problem.message, { bad: true });
  }
}

/* Two people have changed the same thing: both are shown, a person decides. */
export function conflictOf(element, method, path, body, problem) {
  const dialog = byId("conflict");
  const { current } = problem.said;
  const show = (id, text) => { dialog.querySelector(id).textContent = text; };
  show(".theirs", current?.text ?? word("void"));
  show(".theirs-by", current ? `${current.author_name} · ${current.at}` : "");
  show(".mine", problem.said.mine ?? "");
  const form = dialog.querySelector("form");
  show(".problem", "");
  form.reason.value = body.reason ?? "";
  for (const button of form.querySelectorAll("[data-reason]")) {
    button.setAttribute("aria-pressed", String(button.dataset.reason === form.reason.value));
  }
  form.onsubmit = (event) => {
    event.preventDefault();
    if (event.submitter?.value === "theirs") {
      dialog.close();
      element.closest("dialog")?.close();
      refresh();
      return;
    }
    if (!form.reason.value) {
      show(".problem", word("reason_needed"));
      return;
    }
    const again = { ...body, after: current?.number ?? 0, reason: form.reason.value };
    dialog.close();
    deliver(element, method, path, again, (text) => toast(text, { bad: true }));
  };
  dialog.showModal();
}

async function download(method, path, body, name) {
  const blob = await ask(method, path, body, { as: "blob" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  refresh();
}

/* A part of the page that is fetched when it is wanted: a dialog about one thing. */
export async function load(path) {
  const dialog = byId("loaded");
  try {
    const answer = await fetch(path, { headers: { "x-live": "1" } });
    if (!answer.ok) {
      await ask("GET", path); // asks the person, or says what is wrong
      return load(path);
    }
    dialog.innerHTML = await answer.text();
    if (!dialog.open) dialog.showModal();
    dialog.querySelector("[autofocus]")?.focus();
  } catch (problem) {
    toast(problem instanceof Problem ? problem.message : word("not_sent"), { bad: true });
  }
  return undefined;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.send) return;
  event.preventDefault();
  submit(form);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-send], button[data-load]");
  if (!button || button.disabled) return;
  if (button.dataset.send) press(button);
  else load(button.dataset.load);
});
