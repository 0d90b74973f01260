// Colours change at once; without script the same form posts and the server sets the same cookie.
import { all, one } from "./page.js";

const YEAR = 31_536_000;

export function start() {
  const form = one("[data-theme-form]");
  form?.addEventListener("submit", (event) => {
    const theme = event.submitter?.value;
    if (!theme) return;
    event.preventDefault();
    const chosen = theme === "system" ? "" : theme;
    if (chosen) document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
    document.cookie = `theme=${chosen}; path=/; max-age=${chosen ? YEAR : 0}; samesite=lax`;
    for (const button of all("button[name=theme]", form)) button.setAttribute("aria-pressed", String(button === event.submitter));
  });
}
