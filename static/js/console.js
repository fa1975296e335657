// The browsable API's forms: send what stands in the form as it is, and show the page that comes back in place of this one.

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-send]");
  if (!form) return;
  event.preventDefault();
  const { body, csrfmiddlewaretoken } = form.elements;
  const answer = await fetch(form.action, {
    method: form.dataset.send,
    headers: { Accept: "text/html", "Content-Type": "application/json", "X-CSRFToken": csrfmiddlewaretoken.value },
    body: body?.value,
  });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = page.getElementById("main");
  document.getElementById("main").replaceWith(main);
  main.focus();
  scrollTo(0, 0);
});
