// Buttons that copy the text of another element: <button data-copy="its id">.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    // Without HTTPS there is no clipboard; a selection is one keystroke from it.
    getSelection().selectAllChildren(source);
    button.textContent = "Selected";
  }
});
