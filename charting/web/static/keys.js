/* Dialogs, tabs and the keyboard: an element with data-key is pressed by that key, wherever nobody is typing. */

import { local, nowUs, toUs } from "./clock.js";

const show = (element) => {
  const shown = document.getElementById(element.dataset.show);
  if (shown instanceof HTMLDialogElement) {
    shown.showModal();
    shown.querySelector("[autofocus]")?.focus();
    return;
  }
  const { group } = shown.dataset;
  const hide = !shown.hidden && element.getAttribute("role") !== "tab";
  for (const other of document.querySelectorAll(`[data-group="${group}"]`)) other.hidden = true;
  shown.hidden = hide;
  for (const other of document.querySelectorAll("[data-show]")) {
    const target = document.getElementById(other.dataset.show);
    if (target?.dataset.group !== group) continue;
    const on = String(!target.hidden);
    if (other.getAttribute("role") === "tab") other.setAttribute("aria-selected", on);
    else other.setAttribute("aria-pressed", on);
  }
  if (!shown.hidden) shown.scrollIntoView({ block: "nearest" });
};

document.addEventListener("click", (event) => {
  const shower = event.target.closest("[data-show]");
  if (shower) show(shower);
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  const reason = event.target.closest("button[data-reason]");
  if (reason) {
    const form = reason.closest("form");
    const written = form.elements.reason ?? form.elements.note;
    written.value = reason.dataset.reason;
    for (const other of form.querySelectorAll("button[data-reason]")) {
      other.setAttribute("aria-pressed", String(other === reason));
    }
    if (reason.dataset.reason === "") written.focus();
  }
  const shift = event.target.closest("button[data-shift]");
  if (shift) {
    const when = shift.closest("[data-when]").querySelector("[name=when]");
    when.value = local((toUs(when.value) ?? nowUs()) + Number(shift.dataset.shift) * 60_000_000, true);
  }
});

const typing = (element) => element.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const pressed = document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not(:disabled)`);
  if (pressed && pressed.checkVisibility()) {
    event.preventDefault();
    pressed.focus();
    pressed.click();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.target.getAttribute?.("role") !== "tab") return;
  const tabs = [...event.target.closest("[role=tablist]").querySelectorAll("[role=tab]")];
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
  next.focus();
  next.click();
});
