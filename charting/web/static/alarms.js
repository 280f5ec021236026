/* Alarms on the page: follows them, and tells the service how long what comes takes until it is drawn. */

import { PATIENCE_MS, refresh } from "./live.js";

const AGAIN_MS = 2000;
const strip = () => document.getElementById("alarm-strip");
let wanted = false;
let fetching = false;
let later = 0;

/* Fetches the strip alone, in which a page that is fetched anew must change nothing: a record takes longer, and what
   has come meanwhile would be gone. What the service does not give is asked for again. */
async function follow() {
  wanted = true;
  if (fetching || !strip()) return;
  fetching = true;
  clearTimeout(later);
  try {
    while (wanted) {
      wanted = false;
      const about = encodeURIComponent(document.body.dataset.about ?? "");
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetch(`/alarms/strip?case=${about}`, { headers: { "x-live": "1" }, signal });
      if (answer.status >= 500 || answer.status === 423) throw new Error("not given");
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("alarm-strip");
      if (fresh) strip().replaceWith(document.importNode(fresh, true));
    }
  } catch {
    later = setTimeout(follow, AGAIN_MS); // not reached: the page says so by itself
  } finally {
    fetching = false;
  }
}

const lines = () => [...document.querySelectorAll("#board .alarm[data-told]")];
const change = ({ dataset }) => [dataset.bed, dataset.device, dataset.source, dataset.onset, dataset.told].join("\n");
const drawn = new Set(lines().map(change)); // what was there when the page came says nothing of how fast it came

async function tell() {
  const fresh = lines().filter((line) => !drawn.has(change(line)));
  if (!fresh.length) return;
  fresh.forEach((line) => drawn.add(change(line)));
  if (document.visibilityState !== "visible") return; // nobody looks: when it is painted says nothing
  await new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); }); // painted
  const shown = fresh.slice(0, 200).map(({ dataset }) => ({
    bed: dataset.bed, device: dataset.device, source: dataset.source,
    onset_us: Number(dataset.onset), told_us: Number(dataset.told),
  }));
  const headers = { "x-live": "1", "x-csrf-token": document.body.dataset.csrf ?? "", "content-type": "application/json" };
  await fetch("/api/alarms/shown", { method: "POST", headers, body: JSON.stringify({ shown }) }).catch(() => {});
}

window.addEventListener("alarms", () => {
  if (document.getElementById("board") || document.getElementById("log")) refresh();
  follow();
});
window.addEventListener("listening", follow);
document.addEventListener("renewed", (event) => { if (event.target.id === "board") tell(); });
