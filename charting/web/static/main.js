/* The page of a signed-in person. */

import "./actions.js";
import "./alarms.js";
import "./answers.js";
import "./keys.js";
import "./quick.js";
import "./terms.js";
import { listen, tick } from "./live.js";
import { begin as beginPages } from "./pages.js";
import { signedIn } from "./session.js";
import { begin } from "./sheet.js";

begin();
beginPages();
tick();
window.dispatchEvent(new Event("ready"));
if (signedIn() && document.body.dataset.follows) {
  // first what has come is drawn
  if (document.readyState === "complete") listen();
  else window.addEventListener("load", () => requestAnimationFrame(() => setTimeout(listen)));
}
