/* Keeps the page current: the service says that a case has changed, the page fetches itself again and changes what differs. */

import { age, agree, nowMs, timer, written } from "./clock.js";
import { client, hear, unsaved } from "./newer.js";
import { unfold } from "./pages.js";
import { askWho } from "./session.js";

const LOST_MS = 6000; // the service speaks at least every two seconds
const AGAIN_MS = 2000; // what the service could not give is asked for again after so long
export const PATIENCE_MS = 15_000; // an answer that takes longer is given up, and asked for again
let heard = Infinity; // nothing is lost where nothing is listened to
let wanted = 0;
let fetching = false;
let later = 0;

/* Fetches the page anew, again and again where the service does not give it. Parts in which somebody types are left alone until he has done. */
export async function refresh() {
  wanted += 1;
  if (fetching) return;
  fetching = true;
  clearTimeout(later);
  try {
    while (wanted) {
      wanted = 0;
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetch(window.location.href, { headers: { "x-live": "1" }, signal });
      if (answer.status === 401) await askWho("sign_in");
      else if (answer.status === 423) await askWho("unlock");
      else if (answer.ok) {
        const text = await answer.text();
        await untouched();
        take(new DOMParser().parseFromString(text, "text/html"));
      } else if (answer.status >= 500) throw new Error("not given");
      if (answer.status === 401 || answer.status === 423) wanted = 1;
    }
  } catch {
    later = setTimeout(refresh, AGAIN_MS); // not reached: tick() says so
  } finally {
    fetching = false;
  }
}

let touching = false; // what is being pressed is not taken away from under the finger
for (const kind of ["pointerdown", "pointerup", "pointercancel"]) {
  window.addEventListener(kind, () => { touching = kind === "pointerdown"; }, { capture: true, passive: true });
}

async function untouched() {
  for (let i = 0; touching && i < 100; i += 1) await new Promise((done) => { setTimeout(done, 30); });
  await new Promise((done) => { setTimeout(done, 0); });
}

function take(fresh) {
  const title = fresh.querySelector("title")?.textContent;
  if (title) document.title = title;
  const mode = (page) => page.querySelector("[data-mode]")?.dataset.mode;
  if (mode(document) !== mode(fresh) && !unsaved()) {
    window.location.reload(); // signed, opened again: other things can be done now
    return;
  }
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (!other || other.outerHTML === part.dataset.was || typing(part)) continue;
    const focus = part.contains(document.activeElement) ? place(document.activeElement) : "";
    const { scrollLeft, scrollTop } = part;
    const was = other.outerHTML;
    const opened = [...part.querySelectorAll("details[open][id]")].map((d) => d.id);
    const made = document.importNode(other, true);
    unfold(made);
    part.replaceWith(made);
    made.dataset.was = was;
    made.scrollLeft = scrollLeft;
    made.scrollTop = scrollTop;
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    const again = focus && made.querySelector(focus);
    if (again) {
      if (again.closest("svg")) again.setAttribute("tabindex", "0");
      again.focus({ preventScroll: true });
    }
    made.dispatchEvent(new CustomEvent("renewed", { bubbles: true }));
  }
  tick();
}

const place = (element) => {
  for (const name of ["data-item", "data-key", "id"]) {
    const value = element.getAttribute(name);
    if (value) return `[${name}="${CSS.escape(value)}"]`;
  }
  return "";
};

/* Somebody types here, or has typed what is not kept yet. */
const typing = (part) =>
  part.dataset.dirty !== undefined ||
  part.querySelector("[data-dirty]") !== null ||
  (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    const part = event.target.closest("[data-live], form");
    if (part) part.dataset.dirty = "";
  });
}

export function tick() {
  const now = nowMs();
  const lost = performance.now() - heard > LOST_MS;
  document.getElementById("lost").hidden = !lost;
  document.body.classList.toggle("lost", lost);
  const clock = document.getElementById("clock"); // none where nobody is signed in
  if (clock && !lost) clock.textContent = written(now).slice(0, 16);
  for (const element of document.querySelectorAll("[data-age]")) {
    const seconds = now / 1000 - Number(element.dataset.age) / 1e6;
    element.textContent = age(seconds);
    const limit = Number(element.dataset.limit || 0);
    if (limit) element.classList.toggle("old", lost || seconds > limit);
  }
  for (const element of document.querySelectorAll("[data-timer]")) {
    element.textContent = timer(now / 1000 - Number(element.dataset.timer) / 1e6);
  }
}

/* A page that stands still is fetched anew after what is done on it, and by nothing else. */
const follow = () => { if (!document.body.dataset.still) refresh(); };

export function listen() {
  const { about, lang, version, page } = document.body.dataset;
  const asked = new URLSearchParams({ case: about ?? "", lang, client: client(), version, page });
  const source = new EventSource(`/api/events?${asked}`);
  let begun = false;
  if (heard === Infinity) heard = performance.now();
  source.addEventListener("alive", (event) => {
    heard = performance.now();
    document.getElementById("fault").hidden = true;
    const told = JSON.parse(event.data);
    agree(told.now_us / 1000);
    hear(told);
    if (!begun) { // what was missed while nobody listened
      follow();
      window.dispatchEvent(new Event("listening"));
    }
    begun = true;
  });
  source.addEventListener("changed", () => {
    heard = performance.now();
    follow();
  });
  source.addEventListener("alarms", () => {
    heard = performance.now();
    window.dispatchEvent(new Event("alarms"));
  });
  source.addEventListener("fleet", () => {
    heard = performance.now();
    if (document.getElementById("fleet")) refresh();
  });
  source.addEventListener("fault", () => { document.getElementById("fault").hidden = false; });
  const rest = async (kind) => {
    source.close();
    heard = Infinity;
    await askWho(kind);
    listen();
  };
  source.addEventListener("ended", () => rest("sign_in"));
  source.addEventListener("locked", () => rest("unlock"));
  source.addEventListener("error", () => {
    begun = false;
    // refused: the session may be locked or over, of which the page's own fetch hears
    if (source.readyState === EventSource.CLOSED) setTimeout(() => { refresh(); listen(); }, 3000);
  });
}

setInterval(tick, 1000);
