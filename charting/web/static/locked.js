/* A page that was asked for while the session is locked: the same overlay, then the page. */

import { askWho } from "./session.js";
import { wanted } from "./wanted.js";

askWho("unlock").then(() => window.location.replace(wanted()));
window.dispatchEvent(new Event("ready"));
