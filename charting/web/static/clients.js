/* A token is shown once, where it was made. */

const form = document.getElementById("client");
const box = document.getElementById("token");

form.addEventListener("kept", ({ detail }) => {
  form.reset();
  const field = box.querySelector("input");
  field.value = detail.token;
  box.hidden = false;
  field.focus();
  field.select();
});
