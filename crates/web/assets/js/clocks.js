// Clocks go on counting between two visits to the server, by the rule of words.rs and Clock::running.
import { all } from "./page.js";

const EVERY = 30_000;

export function duration(seconds) {
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit));
  if (!minutes) return `${seconds} s`;
  if (!hours) return `${minutes} min`;
  if (!days) return minutes % 60 ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min` : `${hours} h`;
  return days < 3 && hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
}

function tick(now) {
  for (const clock of all(".clock[data-due]")) {
    const left = Math.round((Date.parse(clock.dataset.due) - now) / 1000);
    const text = clock.querySelector(".t");
    if (!text || Number.isNaN(left)) continue;
    if (left < 0) {
      // The dial becomes the mark of a missed target only with the next visit; colour and words change at once.
      clock.classList.remove("run", "soon");
      clock.classList.add("over");
      text.textContent = `${duration(-left)} over`;
      if (text.nextSibling) text.nextSibling.textContent = "";
      continue;
    }
    text.textContent = duration(left);
    if (left < 3600 && clock.classList.replace("run", "soon")) continue;
    const arc = clock.querySelector(".left");
    const share = Number(clock.dataset.left);
    // The server said which share was left at which time; the dial follows in proportion.
    clock.dataset.span ??= String(share ? (left * 100) / share : 0);
    const span = Number(clock.dataset.span);
    if (arc && span) arc.setAttribute("stroke-dasharray", `${((left / span) * 37.7).toFixed(1)} 37.7`);
  }
}

export function start() {
  if (!document.querySelector(".clock")) return;
  // The server's clock counts: a demonstration lives in a time of its own, and a laptop's clock may be wrong.
  const ahead = Date.parse(document.body.dataset.now) - Date.now();
  const now = () => Date.now() + (Number.isNaN(ahead) ? 0 : ahead);
  setInterval(() => document.hidden || tick(now()), EVERY);
  document.addEventListener("visibilitychange", () => document.hidden || tick(now()));
}
