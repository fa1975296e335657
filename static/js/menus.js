// Menus are <details>: they open and close without this. Here they also close on Escape, on a click elsewhere and on each other.

const open = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of open()) menu.open = menu.contains(event.target);
});

document.addEventListener("focusin", (event) => {
  for (const menu of open()) menu.open = menu.contains(event.target);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
