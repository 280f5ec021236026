/* Signing in. What was typed stays where it did not succeed. */

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

window.dispatchEvent(new Event("ready"));
