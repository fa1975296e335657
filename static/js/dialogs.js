// Dialogs: <button data-dialog="its id"> opens one, <button data-close> inside it closes it, and a click beside it does too.
// One dialog may be for many things: the button that opens it then says in data-action where its form is sent.
// Where a name must be typed first (<input data-typed="the name">), the form cannot be sent before it is.

const agree = (input) => input.setCustomValidity(input.value === input.dataset.typed ? "" : `Type ${input.dataset.typed} here.`);

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    dialog.querySelectorAll("[data-typed]").forEach(agree);
    if (opener.dataset.action) dialog.querySelector("form").action = opener.dataset.action;
    dialog.showModal();
  } else if (event.target.closest("[data-close]") || event.target.matches("dialog")) {
    event.target.closest("dialog").close();
  }
});

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-typed]")) agree(event.target);
});
