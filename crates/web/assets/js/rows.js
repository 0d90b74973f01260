// Walking a list: j k move, o opens, x selects, a assigns. The cursor is the focus of the row's own link, so Enter and
// screen readers need nothing more.
import { all, isTyping, memory, on, one } from "./page.js";

const ROWS = "[data-rows] :is(tr[data-number], tr[data-row], li[data-number], li[data-row])";
const OFF = "vouch:keys-off";
const PLACE = `vouch:row:${location.pathname}`;

const rows = () => all(ROWS);
const link = (row) => one("a.title", row);
const current = () => one("[data-cursor]");
const box = (row) => row && one("input[name=pick]", row);

function put(row) {
  current()?.removeAttribute("data-cursor");
  if (!row) return;
  row.setAttribute("data-cursor", "");
  link(row)?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const list = rows();
  const at = list.indexOf(current());
  put(list[Math.max(0, Math.min(list.length - 1, at + step))]);
}

function count() {
  const picked = all("input[name=pick]:checked").length;
  const place = one("[data-picked]");
  if (place) place.textContent = picked || "";
}

function toggle(row) {
  const check = box(row);
  if (!check) return;
  check.checked = !check.checked;
  count();
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  o: () => current() && link(current())?.click(),
  x: () => toggle(current()),
  // Assign what is chosen, else the row under the cursor.
  a: () => {
    if (!one("input[name=pick]:checked") && current()) toggle(current());
  },
};

export function start() {
  if (!one("[data-rows]")) return;
  let last = null;
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || memory.read(OFF)) return;
      if (one("dialog[open]")) return;
      if (event.key === "Escape" && one("input[name=pick]:checked")) one("#bulk")?.reset();
      const run = KEYS[event.key];
      if (!run) return;
      run();
      // `a` goes on to the field that bears it (keys.js).
      if (event.key !== "a") event.preventDefault();
    },
    true,
  );
  on("focusin", ROWS, (_, row) => {
    if (row !== current() && document.activeElement === link(row)) put(row);
  });
  // Shift and a click choose everything between.
  on("click", "input[name=pick]", (event, check) => {
    if (event.shiftKey && last) {
      const boxes = all("input[name=pick]");
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(check)].sort((a, b) => a - b);
      for (const between of boxes.slice(from, to + 1)) between.checked = check.checked;
    }
    last = check;
    count();
  });
  one("#bulk")?.addEventListener("reset", () => setTimeout(count));
  on("click", `${ROWS} a.title`, (_, opened) => {
    const row = opened.closest("[data-number]");
    if (row) sessionStorage.setItem(PLACE, row.dataset.number);
  });
  // Coming back, the cursor is where one left.
  const left = sessionStorage.getItem(PLACE);
  rows()
    .find((row) => row.dataset.number === left)
    ?.setAttribute("data-cursor", "");
  count();
}
