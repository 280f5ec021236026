/* Choosing from a code library: type a part of the name, choose. Nothing is typed free. */

import { ask } from "./api.js";
import { word } from "./words.js";

const PAUSE_MS = 150;
const { lang } = document.body.dataset;

function choose(picker, term) {
  const value = picker.querySelector("[data-type=json]");
  value.value = JSON.stringify(term);
  const text = picker.querySelector("[type=search]");
  text.value = `${term.code} ${term[lang]}`;
  picker.querySelector(".results").replaceChildren();
  value.dispatchEvent(new Event("change", { bubbles: true }));
}

async function find(picker, text) {
  const results = picker.querySelector(".results");
  const query = new URLSearchParams({ text, limit: "30" });
  try {
    const found = await ask("GET", `/api/libraries/${encodeURIComponent(picker.dataset.library)}/terms?${query}`);
    if (picker.querySelector("[type=search]").value !== text) return;
    results.replaceChildren(
      ...found.map((term) => {
        const button = document.createElement("button");
        button.type = "button";
        const code = document.createElement("small");
        code.textContent = term.code;
        button.append(code, ` ${term[lang]}`);
        button.addEventListener("click", () => choose(picker, term));
        return button;
      }),
    );
    if (!found.length) results.textContent = word("nothing_found");
  } catch (problem) {
    results.textContent = problem.message;
  }
}

document.addEventListener("input", (event) => {
  const picker = event.target.closest(".term");
  if (!picker || event.target.type !== "search") return;
  picker.querySelector("[data-type=json]").value = ""; // what was chosen is not what stands there now
  clearTimeout(picker.timer);
  picker.timer = setTimeout(find, PAUSE_MS, picker, event.target.value);
});

document.addEventListener("keydown", (event) => {
  const picker = event.target.closest?.(".term");
  if (!picker) return;
  const buttons = [...picker.querySelectorAll(".results button")];
  const at = buttons.indexOf(document.activeElement);
  if (event.key === "ArrowDown" && buttons.length) buttons[Math.min(at + 1, buttons.length - 1)].focus();
  else if (event.key === "ArrowUp" && at >= 0) (buttons[at - 1] ?? picker.querySelector("[type=search]")).focus();
  else if (event.key === "Enter" && event.target.type === "search") buttons[0]?.click();
  else return;
  event.preventDefault();
});
