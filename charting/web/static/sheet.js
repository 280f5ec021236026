/* The drawn record: what was drawn for an item opens it, by touch, mouse or keyboard. */

import { ask } from "./api.js";
import { load, toast } from "./actions.js";

const NEAR_PX = 24; // a finger
const sheets = () => document.getElementById("sheets");
let here = ""; // the item that the keyboard is on

const marked = () => [...sheets().querySelectorAll("[data-item]")];

function go(element) {
  for (const other of sheets().querySelectorAll(".here")) {
    other.classList.remove("here");
    other.removeAttribute("tabindex");
  }
  here = element.dataset.item;
  element.classList.add("here");
  element.setAttribute("tabindex", "0");
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest", inline: "nearest" });
}

const open = (item) => load(`${sheets().dataset.path}/items/${encodeURIComponent(item)}`);

/* The nearest drawn item within reach of a finger. */
function near(x, y) {
  let best = null;
  let least = NEAR_PX;
  for (const element of marked()) {
    const box = element.getBoundingClientRect();
    const dx = Math.max(box.left - x, 0, x - box.right);
    const dy = Math.max(box.top - y, 0, y - box.bottom);
    const far = Math.hypot(dx, dy);
    if (far < least) [best, least] = [element, far];
  }
  return best;
}

const TABS = { bolus: "drugs", infusion: "infusions", volume: "fluids", breathing: "more", score: "more" };

/* An empty place of a row leads to where something is put into it. */
function add(target) {
  const { row } = target.closest("[data-row]")?.dataset ?? {};
  if (TABS[row]) document.querySelector(`[data-show=tab-${TABS[row]}]`)?.click();
  else if (target.closest("[data-signature]")) document.querySelector("[data-key=S]")?.click();
}

const middle = (element) => {
  const box = element.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
};

/* The nearest item in a direction; what lies aside counts double. */
function beside(from, dx, dy) {
  const [x, y] = middle(from);
  let best = null;
  let least = Infinity;
  for (const element of marked()) {
    if (element === from) continue;
    const [a, b] = middle(element);
    const along = (a - x) * dx + (b - y) * dy;
    const aside = Math.abs((a - x) * dy) + Math.abs((b - y) * dx);
    if (along < 0.5) continue;
    const far = along + 2 * aside;
    if (far < least) [best, least] = [element, far];
  }
  return best;
}

const STEPS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

export function begin() {
  if (!sheets()) return;
  const ready = () => {
    const all = marked();
    const first = all.find((element) => element.dataset.item === here) ?? all.at(-1);
    for (const other of all) if (other !== document.activeElement) other.removeAttribute("tabindex");
    first?.setAttribute("tabindex", "0");
  };
  ready();
  document.addEventListener("renewed", (event) => { if (event.target.id === "sheets") ready(); });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#sheets")) return;
    const found = event.target.closest("[data-item]") ?? near(event.clientX, event.clientY);
    if (found) {
      go(found);
      open(found.dataset.item);
    } else add(event.target);
  });
  document.addEventListener("keydown", (event) => {
    const from = event.target.closest?.("#sheets [data-item]");
    if (!from) return;
    if (event.key === "Enter" || event.key === " ") open(from.dataset.item);
    else if (STEPS[event.key]) {
      const next = beside(from, ...STEPS[event.key]);
      if (next) go(next);
    } else return;
    event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("#print")) print(event.target.closest("#print").dataset.path);
    if (!event.target.closest("#to-sheet")) return;
    const all = marked();
    const target = all.find((element) => element.dataset.item === here) ?? all.at(-1);
    if (target) go(target);
  });
}

async function print(path) {
  try {
    await ask("POST", path);
    window.print();
  } catch (problem) {
    toast(problem.message, { bad: true });
  }
}
