/* A page that is older than the service loads itself when nobody loses anything by it: not while its case is open, not while somebody writes. */

const ASKED = "vitalsd-loaded-for";
const CLIENT = "vitalsd-client";

/* This browser, by a number of its own making; "": it keeps none. */
export function client() {
  try {
    const known = localStorage.getItem(CLIENT);
    if (known && /^[a-z0-9]{8,40}$/.test(known)) return known;
    const made = Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(CLIENT, made);
    return made;
  } catch {
    return "";
  }
}

/* Something was typed that is not kept, or somebody is being asked something. What a dialog held that was closed is given up. */
export function unsaved() {
  if (document.querySelector("dialog[open]:not(#who)")) return true;
  return [...document.querySelectorAll("[data-dirty]")].some((part) => !part.closest("dialog:not([open])"));
}

/* The same, and somebody is at it, or something is on its way. */
function writing() {
  if (unsaved() || document.querySelector("[aria-busy=true], #toast:not([hidden]) button")) return true;
  if ([...document.forms].some((form) => form.busy)) return true;
  const fields = [...document.querySelectorAll("input, textarea")];
  if (fields.some((field) => !field.closest("form, [data-live]") && field.value !== field.defaultValue)) return true;
  return document.hasFocus() && document.activeElement.matches("input, textarea, select");
}

const BACK_MS = 5000; // so soon after he has unlocked the page nobody has begun anything
let proved = -BACK_MS;
window.addEventListener("proved", () => { proved = performance.now(); });

/* The service's version; busy: the page's case is open. */
export function hear({ version, busy }) {
  const old = version !== document.body.dataset.version;
  document.getElementById("newer").hidden = !old;
  if (old && !writing() && (!busy || performance.now() - proved < BACK_MS)) load(version);
}

/* Once for each version: what comes may be old again, from a second server. */
export function load(version) {
  if (sessionStorage.getItem(ASKED) === version) return;
  sessionStorage.setItem(ASKED, version);
  window.location.reload();
}
