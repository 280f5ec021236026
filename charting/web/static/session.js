/* Who sits here: the page locks itself when nobody does, and keeps under the lock what was typed. */

import { agree } from "./clock.js";
import { word } from "./words.js";

const ALIVE_MS = 30_000;
const body = document.body;
const overlay = document.getElementById("who");
let acted = performance.now();
let told = acted;
let asking = null;

/* What a page keeps under the lock: told when it comes down, and the password that was proved. Where the service cannot be
   asked, `alone` may open it by itself. */
export const keeper = { locked() {}, async proved() {}, async alone() { return false; } };

export const signedIn = () => Boolean(body.dataset.account);

/* Shows the overlay until the person has proved who he is. kind: unlock, or sign_in where the session has ended. */
export function askWho(kind) {
  asking ??= new Promise((proved) => show(kind, proved)).finally(() => {
    asking = null;
  });
  return asking;
}

function show(kind, proved) {
  body.classList.add("locked");
  const form = overlay.querySelector("form");
  const said = overlay.querySelector(".problem");
  overlay.querySelector("h2").textContent = word(kind === "unlock" ? "locked" : "session_ended");
  said.textContent = "";
  form.password.value = "";
  overlay.returnFocus = document.activeElement;
  if (!overlay.open) overlay.showModal();
  form.password.focus();
  form.onsubmit = async (event) => {
    event.preventDefault();
    said.textContent = "";
    const password = form.password.value;
    form.password.value = "";
    const { account } = body.dataset;
    const [path, sent] =
      kind === "unlock" ? ["/api/session/unlock", { password }] : ["/api/session", { account, password }];
    try {
      const answer = await fetch(path, {
        method: "POST",
        headers: { "content-type": "application/json", "x-csrf-token": body.dataset.csrf },
        body: JSON.stringify(sent),
      });
      const told = await answer.json();
      if (answer.status === 401 && kind === "unlock" && told.key === "sign_in") kind = "sign_in"; // ended meanwhile
      if (answer.ok) {
        body.dataset.csrf = told.csrf;
        await keeper.proved(password);
        open(proved);
        return;
      }
      said.textContent = told.text;
      if (answer.status < 500) return;
    } catch {
      said.textContent = word("not_sent");
    }
    if (await keeper.alone(password)) open(proved);
  };
}

function open(proved) {
  body.classList.remove("locked");
  acted = performance.now();
  overlay.close();
  overlay.returnFocus?.focus?.();
  window.dispatchEvent(new Event("proved"));
  proved();
}

async function lock() {
  keeper.locked();
  const waiting = askWho("unlock");
  await fetch("/api/session/lock", { method: "POST", headers: { "x-csrf-token": body.dataset.csrf } }).catch(() => {});
  return waiting;
}

export async function signOut() {
  await import("./visit_store.js").then((store) => store.leave(body.dataset.account)).catch(() => {});
  await fetch("/api/session", { method: "DELETE", headers: { "x-csrf-token": body.dataset.csrf } }).catch(() => {});
  window.location.assign("/sign-in");
}

function tick() {
  if (asking) return;
  const now = performance.now();
  if (now - acted > Number(body.dataset.idle) * 1000) lock();
  else if (acted > told && now - told > ALIVE_MS) {
    told = now;
    fetch("/api/session/alive", { method: "POST", headers: { "x-csrf-token": body.dataset.csrf } })
      .then(async (answer) => {
        if (answer.status === 423) askWho("unlock");
        else if (answer.status === 401) askWho("sign_in");
        else if (answer.ok) agree((await answer.json()).now_us / 1000);
      })
      .catch(() => {});
  }
}

if (signedIn()) {
  for (const kind of ["pointerdown", "keydown", "wheel"]) {
    window.addEventListener(kind, () => { acted = performance.now(); }, { passive: true, capture: true });
  }
  overlay.addEventListener("cancel", (event) => event.preventDefault());
  overlay.addEventListener("keydown", (event) => {
    if (event.key === "Escape") event.preventDefault();
    event.stopPropagation();
  });
  setInterval(tick, 1000);
  document.getElementById("lock")?.addEventListener("click", lock);
  document.getElementById("sign-out")?.addEventListener("click", signOut);
  overlay.querySelector("#other")?.addEventListener("click", signOut);
}
