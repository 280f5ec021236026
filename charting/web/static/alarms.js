/* Alarms on the page: follows them, and tells the service how long what comes takes until it is drawn. */

import { refresh } from "./live.js";

const strip = () => document.getElementById("alarm-strip");
let wanted = false;
let fetching = false;

/* Fetches the strip alone: a record is large, and nothing of it has changed. */
async function follow() {
  wanted = true;
  if (fetching || !strip()) return;
  fetching = true;
  try {
    while (wanted) {
      wanted = false;
      const { about } = document.body.dataset;
      const answer = await fetch(`/alarms/strip?case=${encodeURIComponent(about ?? "")}`, { headers: { "x-live": "1" } });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("alarm-strip");
      if (fresh) strip().replaceWith(document.importNode(fresh, true));
    }
  } catch {
    // not reached: the page says so by itself
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
  else follow();
});
document.addEventListener("renewed", (event) => { if (event.target.id === "board") tell(); });
