/* Sends what was written, exactly once: what is on its way is kept as it is until it has been answered, and sent again
   as the very same. Only as its author, and only while he is signed in. */

import * as store from "./visit_store.js";
import { agree } from "./clock.js";
import { changes, corrects, empty } from "./visit_record.js";

const PATIENCE_MS = 15_000;
const { body } = document;

/* Why nothing can be sent now: "", offline, sign_in, unlock, other (somebody else is signed in here). */
export let hindrance = "";

const headers = () => ({ accept: "application/json", "content-type": "application/json", "x-csrf-token": body.dataset.csrf ?? "" });
const patience = () => AbortSignal.timeout(PATIENCE_MS);

/* The record as it is to be from now on; `change` gets what stands (null: nothing) and gives null to leave it. */
export const save = (id, change) => store.turn("record", async () => {
  const next = change((await store.written()).find((record) => record.id === id) ?? null);
  return next && store.write(next);
});

export const give = (id) => store.turn("record", () => store.drop(id));

/* What has arrived goes, unless more was written in the meantime. */
const done = (id) => store.turn("record", async () => {
  const record = (await store.written()).find((one) => one.id === id);
  if (record?.state === "done") await store.drop(id);
});

function bodyOf(record) {
  const standing = Object.entries(record.answers).filter(([, value]) => !empty(value));
  return {
    author: body.dataset.account,
    seen: record.seen,
    answers: changes(record),
    whole: record.sign ? Object.fromEntries(standing) : null,
    reason: record.reason,
  };
}

/* Who is signed in here, and whether that is the author of what this page writes. */
async function look() {
  const answer = await fetch("/api/session", { headers: { accept: "application/json" }, signal: patience() });
  if (answer.status === 401) return "sign_in";
  if (!answer.ok) return "offline";
  const session = await answer.json();
  if (session.account !== body.dataset.account) return "other";
  body.dataset.csrf = session.csrf;
  return session.locked ? "unlock" : "";
}

/* Sends all that is ready. `told` is called with each record's id and what became of it. */
export const sync = (told) => store.turn("sync", async () => {
  try {
    hindrance = await look();
  } catch {
    hindrance = "offline";
  }
  for (const record of await store.written()) {
    if (!hindrance && (record.state === "ready" || record.sending)) await send(record, told);
  }
});

async function send({ id, case: of, kind, document: paper }, told) {
  // kept before it leaves: what is sent again is the same, whatever is written on meanwhile
  const kept = await save(id, (record) => record && { ...record, sending: record.sending ?? bodyOf(record) });
  if (!kept) return; // given up on another page
  const { sending } = kept;
  told(id, "sending");
  let answer;
  try {
    const path = `/api/visits/${of}/${kind}/${paper}`;
    answer = await fetch(path, { method: "PUT", headers: headers(), body: JSON.stringify(sending), signal: patience() });
  } catch {
    hindrance = "offline"; // perhaps it has arrived: the same again
    return;
  }
  const said = await answer.json().catch(() => (answer.ok ? null : {})); // {}: from something on the way, such as a 413
  if (answer.status === 401) hindrance = "sign_in";
  else if (said?.key === "session_locked") hindrance = "unlock";
  else if (said?.key === "csrf" || said?.key === "visit.other_person") hindrance = "other";
  else if (said && answer.status < 500 && answer.status !== 429) await settle(id, answer.ok, said, told);
  else told(id, "kept"); // the same again, and it holds up no other
}

async function settle(id, arrived, said, told) {
  const record = await save(id, (now) => now && (arrived ? after(now, said) : {
    ...now, sending: null, said, state: said.key === "visit.somebody_else" ? "conflict" : "refused",
  }));
  if (!record) return;
  if (record.state !== "done") {
    told(id, record.state);
    return;
  }
  await done(id);
  await store.forget(id);
  told(id, said.signed ? "sent_signed" : "sent");
}

/* What is left to do of a record that has arrived. */
function after(record, said) {
  const wanted = record.sending.whole !== null;
  const next = { ...record, sending: null, base: said.answers, seen: [...new Set([...record.seen, record.document])] };
  if (said.differs.length || said.refused.length || (wanted && !said.signed)) return { ...next, state: "attention", said };
  if (Object.keys(changes(next)).length) return { ...next, state: corrects(next) && !next.reason ? "open" : next.state };
  return { ...next, state: said.signed || !next.sign ? "done" : next.state };
}

/* The list or a form from the service; null: it is not reached. Throws what else is said. */
export async function fetched(path) {
  let answer;
  try {
    answer = await fetch(path, { headers: { accept: "application/json" }, signal: patience() });
  } catch {
    return null;
  }
  if (answer.ok) {
    const said = await answer.json();
    if (said.now_us) agree(said.now_us / 1000);
    return said;
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.status >= 500) return null;
  throw Object.assign(new Error(said.text ?? ""), { status: answer.status, key: said.key });
}
