// Parts of a page that htmx fetches again: not while nobody looks, and put in place only when something changed.

const shown = new WeakMap();
const isPart = (element) => element.hasAttribute("data-refresh");
const setStale = (isStale) => document.querySelector("[data-stale]")?.toggleAttribute("hidden", !isStale);

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && isPart(event.target)) event.preventDefault();
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!isPart(event.target)) return;
  const { serverResponse, xhr } = event.detail;
  if (xhr.status !== 200) return;
  setStale(false);
  if (shown.get(event.target) === serverResponse) event.detail.shouldSwap = false;
  shown.set(event.target, serverResponse);
});

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => isPart(event.target) && setStale(true));
}
