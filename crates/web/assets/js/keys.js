// Single keys. Templates say which element a key is for (`data-key="e"`, `data-go="i"` after g); this only presses it.
// They can be switched off in the list of shortcuts (WCAG 2.1.4), and never act while somebody types.
import { all, isTyping, memory, on, one } from "./page.js";

const OFF = "vouch:keys-off";
let waitingForGo = 0;

const shown = (element) => element.getClientRects().length > 0;

function press(element) {
  if (isTyping(element)) {
    element.focus();
    if (element.select) element.select();
    return;
  }
  // A menu with one entry is that entry.
  const menu = element.matches("summary") && element.closest("details.menu");
  const links = menu ? all("ul a", menu) : [];
  (links.length === 1 ? links[0] : element).click();
  if (links.length > 1) requestAnimationFrame(() => links[0].focus());
}

function act(event) {
  const { key } = event;
  if (waitingForGo > Date.now() && /^[a-z]$/.test(key)) {
    waitingForGo = 0;
    return one(`[data-go="${key}"]`);
  }
  if (key === "g") {
    waitingForGo = Date.now() + 1500;
    return null;
  }
  if (key === "/") return one("#q");
  if (key === "?") return one('[data-opens="shortcuts"]');
  return /^[a-z]$/.test(key) ? all(`[data-key="${key}"]`).find(shown) : null;
}

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target instanceof Element && event.target.closest("form[method=post]");
      // Where each button is an answer, nobody presses one by accident.
      if (form && !one("button[disabled]", form)) {
        event.preventDefault();
        form.requestSubmit();
      }
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (memory.read(OFF) || one("dialog[open]")) return;
    const target = act(event);
    if (!target) return;
    event.preventDefault();
    press(target);
  });

  on("click", "[data-opens]", (_, opener) => {
    const dialog = document.getElementById(opener.dataset.opens);
    dialog?.showModal();
  });
  const toggle = one("[data-keys-on]");
  if (toggle) {
    toggle.checked = !memory.read(OFF);
    toggle.addEventListener("change", () => (toggle.checked ? memory.drop(OFF) : memory.write(OFF, true)));
  }
  // After a form came back with errors, the list of them is where reading goes on.
  one("[data-focus]")?.focus();
}
