/* A page that was asked for while the session is locked: the same overlay, then the page. */

import { askWho } from "./session.js";

askWho("unlock").then(() => {
  const to = new URLSearchParams(window.location.search).get("to") ?? "/";
  window.location.replace(/^\/(?![/\\])/.test(to) ? to : "/");
});
