/* Signing in. What was typed stays where it did not succeed. */

import { load } from "./newer.js";
import { wanted } from "./wanted.js";
import { word } from "./words.js";

const form = document.getElementById("sign-in");
const said = form.querySelector(".problem");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  said.textContent = "";
  try {
    const answer = await fetch(`/api/session?lang=${document.body.dataset.lang}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ account: form.account.value.trim(), password: form.password.value }),
    });
    if (answer.ok) {
      window.location.replace(wanted());
      return;
    }
    said.textContent = (await answer.json()).text;
    form.password.select();
  } catch {
    said.textContent = word("not_sent");
  } finally {
    button.disabled = false;
  }
});

/* A page that nobody has signed in to for days loads itself where the service has become another. */
const ASK_MS = 300_000;
setInterval(async () => {
  try {
    const { version } = await (await fetch("/health")).json();
    if (version !== document.body.dataset.version && !form.account.value && !form.password.value) load(version);
  } catch {
    // not reached, or its database: asked again
  }
}, ASK_MS);

window.dispatchEvent(new Event("ready"));
