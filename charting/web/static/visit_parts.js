/* Elements of the pages of visits: made piece by piece, so that what people wrote stays text. */

import { written } from "./clock.js";
import { word } from "./words.js";

/* An element: attributes (true: without a value; on…: what is done), then what is in it. */
export function el(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...inside.flat().filter((part) => part !== null && part !== undefined && part !== false && part !== ""));
  return made;
}

export const button = (text, press, attributes = {}) => el("button", { type: "button", onclick: press, ...attributes }, text);

const day = (ms) => written(ms).slice(0, 10);

/* A time as people read it: the date too where it is not today. `now`: ms. */
export function when(us, now) {
  if (!us) return "";
  const text = written(us / 1000);
  return day(us / 1000) === day(now) ? text.slice(11, 16) : text.slice(5, 16);
}

const LOOK = { kept: "warn", open: "warn", conflict: "bad", attention: "warn", refused: "bad", sending: "", sent: "good", sent_signed: "good", page_only: "bad" };

/* What became of a visit on this phone. */
export const mark = (state) => el("span", { class: `tag ${LOOK[state] ?? ""}`, "data-mark": state }, word(`visit.${state}`));

/* One of several, chosen by a tap: [[value, text]]. */
export function chips(name, choices, value, choose) {
  return el("div", { class: "seg", role: "group", "aria-label": name }, choices.map(([code, text]) =>
    button(text, () => choose(code), { "aria-pressed": String(code === value), "data-code": String(code) })));
}
