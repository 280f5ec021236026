/* Asks the service. What a person typed is never thrown away: a problem is said, the input stays, and it can be sent again. */

import { askWho } from "./session.js";
import { word } from "./words.js";

export class Problem extends Error {
  constructor(status, said) {
    super(said.text);
    this.status = status;
    this.key = said.key;
    this.said = said;
  }
}

/* An answer's JSON (null: none). Locked or signed out: asks the person, then sends the same again. */
export async function ask(method, path, body, { as = "json" } = {}) {
  for (;;) {
    const answer = await send(method, path, body);
    if (answer.ok) {
      if (as === "blob") return answer.blob();
      return answer.status === 204 ? null : answer.json();
    }
    const said = await answer.json().catch(() => ({ key: "fault", text: word("fault"), params: {} }));
    if (answer.status === 401 && path !== "/api/session") await askWho("sign_in");
    else if (said.key === "session_locked") await askWho("unlock");
    else throw new Problem(answer.status, said);
  }
}

async function send(method, path, body) {
  const headers = { accept: "application/json", "x-csrf-token": document.body.dataset.csrf ?? "" };
  if (body !== undefined) headers["content-type"] = "application/json";
  try {
    return await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Problem(0, { key: "not_sent", text: word("not_sent"), params: {} });
  }
}

export const newId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
