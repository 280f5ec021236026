/* Locking this phone: the password that opens what it keeps, and taking visits along. */

import { nowMs } from "./clock.js";
import { askWho, keeper } from "./session.js";
import { el } from "./visit_parts.js";
import * as store from "./visit_store.js";
import { fetched } from "./visit_sync.js";
import { word } from "./words.js";

const { body } = document;

/* What is kept opens with a password that is no longer the account's. */
export let oldPassword = false;

/* Asks for that one. `done` is called when it has opened what is kept. */
export function byOldPassword(done) {
  const said = el("p", { class: "problem", role: "alert" });
  return el("form", { onsubmit: async (event) => {
    event.preventDefault();
    if (!(await store.unlock(event.target.elements.password.value))) {
      said.textContent = word("visit.wrong");
      return;
    }
    oldPassword = false;
    done();
  } }, el("label", {}, word("visit.changed_password"), el("input", { type: "password", name: "password", autocomplete: "off", required: true })),
  said, el("button", { class: "main" }, word("visit.continue")));
}

/* `opened` is called whenever what is kept can be read again, `shut` when it cannot. */
export function guard({ opened, shut }) {
  keeper.locked = () => {
    store.lock();
    shut();
  };
  keeper.proved = async (password) => {
    if (store.unlocked() || !(await store.prepared())) return;
    if (!(await store.unlock(password))) oldPassword = !(await store.renewed());
    opened();
  };
  keeper.alone = async (password) => {
    const right = (await store.prepared()) && (await store.unlock(password));
    if (right) opened();
    return right;
  };
}

/* Whether what is written can be kept here: asks for the password where that is needed. */
export async function open() {
  if (store.unlocked()) return true;
  if (!store.able()) return false;
  if (!(await store.prepared())) return prepare();
  await askWho("unlock");
  return store.unlocked() || ((await store.prepared()) ? false : prepare());
}

/* A password proved by the service; without network it is typed twice. */
function prepare() {
  const dialog = document.getElementById("visit-prepare");
  const form = dialog.querySelector("form");
  const said = form.querySelector(".problem");
  const twice = form.elements.twice.closest("label");
  form.reset();
  said.textContent = "";
  twice.hidden = true;
  dialog.showModal();
  return new Promise((done) => {
    dialog.onclose = () => done(store.unlocked());
    form.onsubmit = async (event) => {
      event.preventDefault();
      const password = form.elements.password.value;
      if (twice.hidden) {
        const problem = await proved(password);
        twice.hidden = problem !== "alone";
        said.textContent = problem === "alone" ? "" : problem;
        if (problem) return;
      } else if (form.elements.twice.value !== password) {
        said.textContent = word("visit.not_same");
        return;
      }
      await store.prepare(document.querySelector(".who").textContent, password);
      dialog.close();
    };
  });
}

/* "": it is the person's; alone: nobody can be asked; else why not. */
async function proved(password) {
  try {
    const answer = await fetch("/api/session/unlock", {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf-token": body.dataset.csrf },
      body: JSON.stringify({ password }),
    });
    if (answer.status >= 500) return "alone";
    return answer.ok ? "" : (await answer.json()).text;
  } catch {
    return "alone";
  }
}

/* Keeps the pages, the list and the forms of these visits; how many were not to be had. */
export async function take(visits, list, progress) {
  try {
    await store.keepPages();
  } catch {
    return visits.length;
  }
  let missing = (await keep("list", list, list.kept_s)) ? 0 : 1;
  for (const [n, visit] of visits.entries()) {
    progress(n + 1);
    const what = `${visit.case}/${visit.kind}`;
    const shape = await fetched(`/api/visits/${what}`).catch(() => null);
    if (!shape || !(await keep(what, shape, shape.kept_s))) missing += 1;
  }
  return missing;
}

/* What the service gave, when that was by the phone's clock (`at`) and by the service's (`now`), ms. */
export const stamped = (said) => ({ said, at: Date.now(), now: nowMs() });

/* Whether it is kept: there may be no key, or no room. */
export const keep = (what, said, seconds) => store.keep(what, stamped(said), Date.now() + seconds * 1000).catch(() => false);
