/* A record's pages beyond the first come as text, which the browser need not lay out before it shows the first. */

export function unfold(root) {
  for (const folded of root.querySelectorAll("script[data-page]")) {
    const holder = document.createElement("template");
    holder.innerHTML = folded.textContent;
    const sheets = folded.parentElement;
    folded.replaceWith(holder.content);
    if (!sheets.querySelector("script")) sheets.dispatchEvent(new CustomEvent("renewed", { bubbles: true }));
  }
}

export function begin() {
  const all = () => unfold(document);
  const later = () => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(all, 0)));
  if (document.readyState === "complete") later();
  else window.addEventListener("load", later);
  window.addEventListener("beforeprint", all);
}
