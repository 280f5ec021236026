/* What is pressed or sent before the page's own scripts have come waits for them; the browser by itself does nothing. */

(() => {
  let waiting = null;
  const keep = (event) => {
    const target = event.type === "submit" ? event.target : event.target.closest?.("button");
    if (!target) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    waiting = [event.type, target];
  };
  for (const kind of ["click", "submit"]) window.addEventListener(kind, keep, true);
  window.addEventListener("ready", () => {
    for (const kind of ["click", "submit"]) window.removeEventListener(kind, keep, true);
    if (!waiting?.[1].isConnected) return;
    const [kind, target] = waiting;
    if (kind === "submit") target.requestSubmit();
    else target.click();
  }, { once: true });
})();
