// Menus are <details>: they open and walk without script. This adds Esc, arrows, and closing by a click beside them.
import { all, on } from "./page.js";

const open = () => all("details.menu[open]");

function close(menu, focus) {
  menu.open = false;
  if (focus) menu.querySelector("summary").focus();
}

export function start() {
  document.addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) close(menu);
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target instanceof Element && event.target.closest("details.menu");
    if (event.key === "Escape") {
      const opened = menu && menu.open ? menu : open()[0];
      if (opened) {
        event.preventDefault();
        close(opened, true);
      }
      return;
    }
    if (!menu?.open || !["ArrowDown", "ArrowUp"].includes(event.key) || event.target.matches("input")) return;
    event.preventDefault();
    const items = all("a, button, input", menu);
    const step = event.key === "ArrowDown" ? 1 : -1;
    const at = items.indexOf(document.activeElement);
    items[(at + step + items.length) % items.length]?.focus();
  });
  // Leaving by Tab closes as well.
  on("focusout", "details.menu", (event, menu) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) close(menu);
  });
}
