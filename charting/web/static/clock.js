/* The service's clock, and times in the site's zone. */

const { zone, at } = document.body.dataset;
let anchor = Number(at) - performance.now(); // server's ms since 1970 − ours

export const nowMs = () => anchor + performance.now();
export const nowUs = () => Math.round(nowMs()) * 1000;

const RECENT = 5;
let recent = [];

/* What the service says that it is. A message on its way makes it look late: of the last ones the latest time is true. */
export function agree(ms) {
  recent = [...recent, ms - performance.now()].slice(-RECENT);
  const best = Math.max(...recent);
  if (best > anchor || (recent.length === RECENT && anchor - best > 300)) anchor = best;
}

const format = new Intl.DateTimeFormat("sv-SE", {
  timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/* "2026-11-24 14:20:31" in the site's zone. */
export const written = (ms) => format.format(ms);
/* What a datetime-local input holds. */
export const local = (us, seconds = false) => written(us / 1000).replace(" ", "T").slice(0, seconds ? 19 : 16);

/* µs since 1970 of what a datetime-local input holds, read in the site's zone; null: nothing. */
export function toUs(text) {
  if (!text) return null;
  const said = Date.parse(`${text.length === 16 ? `${text}:00` : text}Z`);
  if (Number.isNaN(said)) return null;
  let ms = said;
  for (let i = 0; i < 2; i += 1) ms += said - Date.parse(`${written(ms).replace(" ", "T")}Z`);
  return ms * 1000;
}

export function age(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

export function timer(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  return `${s >= 3600 ? `${Math.floor(s / 3600)}:` : ""}${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
}
