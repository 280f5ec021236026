/* What this phone keeps of visits: encrypted (AES-GCM) with a key that only its author's password opens (PBKDF2).
   `kept`: what was taken along, for 24 h. `written`: what its author wrote and has not arrived, until it has.
   Before the phone was prepared what is written is held by the open page alone. */

import { given, joined } from "./visit_record.js";

const NAME = "vitalsd-visits";
const SHELL = "vitalsd-visits-";
const ROUNDS = 600_000; // OWASP's for PBKDF2 with SHA-256, 2023
let account = "";
let key = null;
const page = new Map(); // id → { record, from: the answers that stood before }

const asked = (request) =>
  new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

let opened = null;
function database() {
  opened ??= new Promise((done, failed) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("people", { keyPath: "account" });
      for (const store of ["kept", "written"]) request.result.createObjectStore(store, { keyPath: "id" });
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  return opened;
}

/* One act on a store; durable when it is done. */
async function act(store, mode, does) {
  const transaction = (await database()).transaction(store, mode, { durability: "strict" });
  const ended = new Promise((done, failed) => {
    transaction.oncomplete = done;
    transaction.onabort = () => failed(transaction.error);
  });
  const [result] = await Promise.all([does(transaction.objectStore(store)), ended]);
  return result;
}

const all = (store) => act(store, "readonly", (s) => asked(s.getAll()));
const put = (store, value) => act(store, "readwrite", (s) => asked(s.put(value)));
const remove = (store, id) => act(store, "readwrite", (s) => asked(s.delete(id)));
const bytes = (n) => crypto.getRandomValues(new Uint8Array(n));

async function sealed(value) {
  const iv = bytes(12);
  const text = new TextEncoder().encode(JSON.stringify(value));
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, text) };
}

async function unsealed({ iv, data }) {
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, data)));
}

async function wrapper(password, salt) {
  const secret = await crypto.subtle.importKey("raw", new TextEncoder().encode(password), "PBKDF2", false, ["deriveKey"]);
  const by = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS };
  return crypto.subtle.deriveKey(by, secret, { name: "AES-GCM", length: 256 }, false, ["wrapKey", "unwrapKey"]);
}

/* Whose things are asked for from now on. */
export function of(who) { account = who; }

/* A key that is gone is gone for all pages: what they sealed with it could never be opened. */
const pages = new BroadcastChannel(NAME);
pages.onmessage = ({ data }) => { if (data === account) lock(); };
async function forgetKey(who) {
  await remove("people", who);
  pages.postMessage(who);
}

export const able = () => window.isSecureContext && "indexedDB" in window && "subtle" in crypto;
export const unlocked = () => key !== null;
export function lock() { key = null; }

/* Whether the person has locked this phone with his password before. */
export async function prepared() {
  return able() && (await act("people", "readonly", (s) => asked(s.get(account)))) !== undefined;
}

/* A key of its own for this person; what the page alone held is kept with it. */
export async function prepare(name, password) {
  const [salt, iv] = [bytes(16), bytes(12)];
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt", "decrypt"]);
  const wrapped = await crypto.subtle.wrapKey("raw", made, await wrapper(password, salt), { name: "AES-GCM", iv });
  const person = { account, name, salt, iv, wrapped };
  // one key for all pages of this phone: what is sealed with another could never be opened
  await act("people", "readwrite", async (s) => (await asked(s.get(account))) ?? asked(s.put(person)));
  if (!(await unlock(password))) throw new Error("not prepared");
  await navigator.storage?.persist?.();
}

/* Whether the password opens what is kept; what the page held alone is kept then. */
export async function unlock(password) {
  const known = await act("people", "readonly", (s) => asked(s.get(account)));
  if (!known) return false;
  try {
    const opener = await wrapper(password, known.salt);
    const by = { name: "AES-GCM", iv: known.iv };
    key = await crypto.subtle.unwrapKey("raw", known.wrapped, opener, by, "AES-GCM", false, ["encrypt", "decrypt"]);
  } catch {
    return false;
  }
  await keepWritten();
  return true;
}

/* Taken along: what the service gave, until a time (ms). false: there is no key. Throws where there is no room. */
export async function keep(what, value, until) {
  if (!key) return false;
  await put("kept", { id: `${account}/${what}`, account, until, ...(await sealed(value)) });
  return true;
}

/* What was taken along, null: it was not, or its time is over. */
export async function kept(what) {
  if (!key) return null;
  const found = await act("kept", "readonly", (s) => asked(s.get(`${account}/${what}`)));
  return found && found.until > Date.now() ? unsealed(found) : null;
}

/* What was taken along: its names, with the time until which it stays (ms). */
export async function taken() {
  if (!able()) return new Map();
  const own = (await all("kept")).filter((one) => one.account === account && one.until > Date.now());
  return new Map(own.map((one) => [one.id.slice(account.length + 1), one.until]));
}

export async function forget(what) {
  if (able()) await remove("kept", `${account}/${what}`);
}

/* Pages of this browser take turns. */
export const turn = (name, does) => (navigator.locks ? navigator.locks.request(`vitalsd-visits-${name}`, does) : does());

/* What it is now. Without a key, or without room, the page alone holds it, and what is on its way beside what another
   page has kept. */
export async function write(record) {
  const { id } = record;
  const alone = page.get(id);
  let from = alone?.from ?? given(record);
  try {
    const stored = await readable(id);
    if (stored && !alone) from = stored.answers;
    const other = alone && stored;
    if (!other || !record.sending) {
      const next = other ? joined(other, record, from) : record;
      await put("written", { id: `${account}/${id}`, account, ...(await sealed(next)) });
      page.delete(id);
      return next;
    }
  } catch { /* no key, or no room */ }
  page.set(id, { record, from });
  return record;
}

async function readable(id) {
  const found = await act("written", "readonly", (s) => asked(s.get(`${account}/${id}`)));
  return found ? unsealed(found) : null;
}

/* What the page alone held, as far as there is a key and room now. */
export async function keepWritten() {
  for (const id of [...page.keys()]) await turn("record", async () => page.has(id) && write(page.get(id).record));
}

/* What the person has written, those that can be opened now. */
export async function written() {
  const own = key ? (await all("written")).filter((one) => one.account === account) : [];
  const stored = await Promise.all(own.map(unsealed));
  return [...[...page.values()].map(({ record }) => record), ...stored.filter((record) => !page.has(record.id))];
}

export async function drop(id) {
  page.delete(id);
  if (able()) await remove("written", `${account}/${id}`);
}

export const onPageOnly = (id) => page.has(id);

/* How many visits of whom wait on this phone: [{ account, name, n }]. */
export async function waiting() {
  if (!able()) return [];
  const counts = new Map();
  for (const one of await all("written")) counts.set(one.account, (counts.get(one.account) ?? 0) + 1);
  return (await all("people")).filter((p) => counts.has(p.account)).map((p) => ({ account: p.account, name: p.name, n: counts.get(p.account) }));
}

/* Takes away what is older than it may be, of everybody; a key that opens nothing any more goes too. */
export async function tidy() {
  if (!able()) return;
  const needed = new Set([account, ...(await all("written")).map((one) => one.account)]);
  for (const one of await all("kept")) if (one.until <= Date.now() || !needed.has(one.account)) await remove("kept", one.id);
  for (const person of await all("people")) if (!needed.has(person.account)) await forgetKey(person.account);
}

/* The password has become another: what was only taken along is given up. Whether nothing has to be opened by the old one. */
export async function renewed() {
  for (const one of await all("kept")) if (one.account === account) await remove("kept", one.id);
  if ((await all("written")).some((one) => one.account === account)) return false;
  await forgetKey(account);
  return true;
}

/* A person signs out: what was taken along goes at once, with the pages; what has not arrived stays, locked. */
export async function leave(who) {
  if (!able()) return;
  lock();
  for (const one of await all("kept")) if (one.account === who) await remove("kept", one.id);
  if (!(await all("written")).some((one) => one.account === who)) await forgetKey(who);
  for (const name of await caches.keys()) if (name.startsWith(SHELL)) await caches.delete(name);
}

/* The page itself, so that it comes without network: it holds words, and no patient. */
export async function keepPages() {
  const links = [...document.querySelectorAll("link[href], script[src]")].map((e) => e.href || e.src);
  const name = `${SHELL}${new URL(links[0]).pathname.split("/")[2]}`;
  const cache = await caches.open(name);
  await cache.addAll([...new Set(links), "/visits"]);
  for (const other of await caches.keys()) if (other.startsWith(SHELL) && other !== name) await caches.delete(other);
}

