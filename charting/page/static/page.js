"use strict";
/* Keeps the page current: parts sent by the server, ages against the server's clock, waves, the chart. */

const LOST_MS = 5000; // the server speaks at least once a second
const CHART_MS = 15000;
const WAVE_MS = 10000;
const BEHIND_MS = 2000; // waves come in pieces of at most a second
const FRAME_MS = 66;
const SCALE_PX = 34; // left of a wave, for its scale

const { lang, hours, zone } = document.body.dataset;
const byId = (id) => document.getElementById(id);
let clock = null; // made after the first drawing: it takes a browser some 25 ms

let anchor = Number(document.body.dataset.at) - performance.now(); // server's ms since 1970 − ours
let heard = performance.now();
const serverNow = () => anchor + performance.now();

function agree(at) {
  const offset = at - performance.now();
  if (Math.abs(offset - anchor) > 300) anchor = offset; // smaller differences are the network's
}

/* The daemon has become another version: its page comes anew, once; nothing is typed here. */
function renew(version) {
  if (version === document.body.dataset.version || sessionStorage.getItem("loaded-for") === version) return;
  sessionStorage.setItem("loaded-for", version);
  window.location.reload();
}

function written(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min${s < 600 ? ` ${s % 60} s` : ""}`;
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
}

function tick() {
  const now = serverNow();
  const lost = performance.now() - heard > LOST_MS;
  byId("lost").hidden = !lost;
  document.body.classList.toggle("lost", lost); // what stood is not known to stand, and no alarm is not known either
  byId("link").classList.toggle("down", lost);
  clock ??= new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  if (!lost) byId("clock").textContent = clock.format(now);
  for (const element of document.querySelectorAll(".age")) {
    element.textContent = written((now - element.dataset.t) / 1000);
  }
  for (const element of document.querySelectorAll("[data-limit]")) {
    element.classList.toggle("old", lost || Math.abs(now - element.dataset.t) / 1000 > element.dataset.limit);
  }
}

async function redraw() {
  try {
    const answer = await fetch(`chart.svg?hours=${hours}&lang=${lang}`);
    if (answer.ok) byId("chart").innerHTML = await answer.text();
  } catch {
    // offline: tick() says so
  }
}

const waves = new Map(); // key → pieces {start, step, values} in ms, in order of start

function take(pieces) {
  for (const [key, start, rate, scale, offset, counts, quality] of pieces) {
    if (!waves.has(key)) waves.set(key, []);
    const kept = waves.get(key);
    if (kept.some((piece) => piece.start === start)) continue; // sent again after a reconnect
    const values = counts.map((count) => count * scale + offset);
    kept.push({ start, step: 1000 / rate, values, sure: quality === "valid" });
    kept.sort((a, b) => a.start - b.start);
    while (kept.length && kept[0].start < serverNow() - 2 * WAVE_MS) kept.shift();
  }
}

const hatch = (() => {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const pen = tile.getContext("2d");
  pen.strokeStyle = "#b4bdc5";
  pen.beginPath();
  pen.moveTo(0, 6);
  pen.lineTo(6, 0);
  pen.stroke();
  return pen.createPattern(tile, "repeat");
})();

function drawWave(canvas, end) {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, width, height);
  const begin = end - WAVE_MS;
  const pieces = (waves.get(canvas.dataset.wave) || []).filter(
    (p) => p.values.length && p.start < end && p.start + p.step * p.values.length > begin,
  );
  let low = Infinity;
  let high = -Infinity;
  for (const piece of pieces) {
    for (const value of piece.values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  const left = SCALE_PX * ratio;
  const x = (time) => left + ((time - begin) / WAVE_MS) * (width - left);
  const span = high - low || 1;
  const y = (value) => height * (0.92 - (0.84 * (value - low)) / span);
  const gap = (from, to) => {
    if (to - from < 1) return;
    pen.fillStyle = hatch;
    pen.fillRect(x(from), 0, x(to) - x(from), height);
  };
  const { color } = getComputedStyle(canvas);
  pen.lineWidth = 1.3 * ratio;
  pen.lineJoin = "round";
  let reached = begin;
  let last = null; // where the pen was
  for (const { start, step, values, sure } of pieces) {
    if (Math.abs(start - reached) > 2 * step) {
      gap(reached, Math.min(start, end));
      last = null;
    }
    pen.beginPath();
    pen.strokeStyle = sure ? color : "#5c6670";
    pen.setLineDash(sure ? [] : [3 * ratio, 3 * ratio]);
    if (last) pen.moveTo(...last);
    for (let i = 0; i < values.length; i += 1) {
      const time = start + i * step;
      if (time < begin || time > end) continue;
      const next = [x(time), y(values[i])];
      if (last) pen.lineTo(...next);
      else pen.moveTo(...next);
      last = next;
    }
    pen.stroke();
    reached = start + step * values.length;
  }
  gap(reached, end);
  if (pieces.length) {
    pen.fillStyle = "#5c6670";
    pen.font = `${10 * ratio}px system-ui, sans-serif`;
    pen.fillText(short(high), 0, 11 * ratio);
    pen.fillText(short(low), 0, height - 4 * ratio);
  }
}

const short = (value) => (Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(1)).replace(/^-(?=0\.?0*$)/, "");

function tell(path, body) {
  return fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

function drawnNow(numbers) {
  if (!numbers.length || document.hidden) return; // nobody sees a page in the background
  requestAnimationFrame(() => setTimeout(() => tell("shown", { numbers }).catch(() => {}))); // after it is painted
}

document.addEventListener("click", (event) => {
  const alarm = event.target.closest("button.see")?.closest("[data-source]");
  if (!alarm) return;
  const { device, source, onset, told } = alarm.dataset;
  tell("see", { device, source, onset: Number(onset), told: Number(told) }).catch(() => {}); // what has come of it the page is sent
});

function replace(id, html) {
  const element = byId(id);
  const row = element.contains(document.activeElement) ? document.activeElement.closest("[data-source]") : null;
  element.innerHTML = html;
  if (!row) return;
  const { device, source } = row.dataset;
  for (const found of element.querySelectorAll("[data-source]")) {
    if (found.dataset.device === device && found.dataset.source === source) found.querySelector("button")?.focus();
  }
}

let drawn = 0;
function animate(time) {
  if (time - drawn >= FRAME_MS) {
    drawn = time;
    const end = serverNow() - BEHIND_MS;
    for (const canvas of document.querySelectorAll("canvas[data-wave]")) drawWave(canvas, end);
  }
  requestAnimationFrame(animate);
}

function listen() {
  const source = new EventSource(`events?lang=${lang}`);
  source.addEventListener("now", (event) => {
    heard = performance.now();
    const { at, parts, shown, version } = JSON.parse(event.data);
    renew(version);
    agree(at);
    for (const [id, html] of Object.entries(parts)) replace(id, html);
    drawnNow(shown);
    byId("fault").hidden = true;
    tick();
  });
  source.addEventListener("waves", (event) => take(JSON.parse(event.data)));
  source.addEventListener("fault", () => {
    byId("fault").hidden = false;
  });
}

byId("chart").scrollLeft = byId("chart").scrollWidth; // what is new is at the right
setInterval(tick, 1000);
setInterval(redraw, CHART_MS);
requestAnimationFrame(animate);
window.addEventListener("load", () => requestAnimationFrame(() => setTimeout(listen))); // first what has come is drawn
