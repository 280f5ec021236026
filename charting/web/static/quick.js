/* Drug, then dose: what is offered has its usual amounts as buttons; another amount is typed. */

document.addEventListener("click", (event) => {
  const offer = event.target.closest("button[data-offer]");
  if (offer) show(offer);
  const amount = event.target.closest("button[data-amount]");
  if (amount) {
    const form = amount.closest("form");
    form.querySelector("[data-type=number]").value = amount.dataset.amount;
    form.requestSubmit();
  }
});

/* What is said once it is kept: what was sent, tapped or typed. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  const offered = form.querySelector(".offered");
  if (offered) form.dataset.said = `${offered.textContent} ${form.querySelector("[data-type=number]").value} ${form.dataset.unit}`;
}, true);

function show(offer) {
  const form = document.getElementById(offer.dataset.offer);
  const { unit } = offer.dataset;
  delete form.dataset.item;
  form.dataset.unit = unit;
  delete form.dataset.sent;
  form.reset();
  form.querySelector(".problem").textContent = "";
  form.dataset.body = offer.dataset.body;
  form.querySelector(".offered").textContent = offer.firstChild.textContent;
  const named = form.querySelector(".offered-unit");
  if (named) named.textContent = unit;
  for (const label of form.querySelectorAll("[data-way]")) label.hidden = !offer.dataset.body.includes(`"${label.dataset.way}"`);
  form.querySelector(".chips").replaceChildren(
    ...offer.dataset.amounts.split(" ").filter(Boolean).map((text) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.amount = text;
      button.textContent = `${text} ${unit}`;
      return button;
    }),
  );
  for (const other of document.querySelectorAll("[data-group=doses]")) other.hidden = other !== form;
  for (const other of document.querySelectorAll("[data-offer]")) other.setAttribute("aria-pressed", String(other === offer));
  form.scrollIntoView({ block: "nearest" });
  form.querySelector(".chips button, input").focus({ preventScroll: true });
}
