// Show every <time> in the reader's own zone. Without this module they stand there in UTC.

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const MINUTE = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const WHOLE = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
const HALF_A_YEAR = 183 * 86_400;

function clock(at, now, today = CLOCK) {
  if (at.toDateString() === now.toDateString()) return today.format(at);
  return (at.getFullYear() === now.getFullYear() ? DAY : DATE).format(at);
}

const minute = (at, now) => clock(at, now, MINUTE);

function ago(at, now) {
  const seconds = Math.max(0, (now - at) / 1000);
  if (seconds > HALF_A_YEAR) return DATE.format(at);
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? UNITS.at(-1);
  return AGO.format(-Math.floor(seconds / size), unit);
}

const SHOW = { clock, minute, ago };

function showTimes(root) {
  const now = new Date();
  for (const time of root.querySelectorAll("time[data-show]")) {
    const at = new Date(time.dateTime);
    time.textContent = SHOW[time.dataset.show](at, now);
    time.title = WHOLE.format(at);
  }
}

showTimes(document);
document.addEventListener("htmx:afterSwap", (event) => showTimes(event.target));
setInterval(() => showTimes(document), 10_000);
