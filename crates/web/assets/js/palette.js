// Ctrl K: find by number, external number or title, go to a page, act on this record. The server finds; this chooses.
import { all, later, markup, one } from "./page.js";

export function start() {
  const dialog = one("#palette");
  if (!dialog) return;
  const input = one("input", dialog);
  const list = one("#palette-list");
  let asked;

  const options = () => all("[role=option]", list);
  const chosen = () => one('[aria-selected="true"]', list);

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  }

  async function find() {
    asked?.abort();
    asked = new AbortController();
    const query = new URLSearchParams({ q: input.value.trim() });
    const record = one("[data-record]")?.dataset.record;
    if (record) query.set("on", record);
    const text = await markup(`${dialog.dataset.src}?${query}`, asked.signal);
    if (text === null) return;
    list.innerHTML = text;
    input.setAttribute("aria-expanded", String(options().length > 0));
    choose(options()[0]);
  }

  function follow(option, newTab) {
    if (!option) return;
    if (newTab) window.open(option.dataset.href, "_blank", "noopener");
    else location.assign(option.dataset.href);
    dialog.close();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (dialog.open) return dialog.close();
    one("dialog[open]")?.close();
    dialog.showModal();
    input.select();
    find();
  });
  input.addEventListener("input", later(80, find));
  input.addEventListener("keydown", (event) => {
    const found = options();
    const at = found.indexOf(chosen());
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: found.length - 1 }[event.key];
    if (to !== undefined && found.length && (event.key.startsWith("Arrow") || event.ctrlKey)) {
      event.preventDefault();
      choose(found[(to + found.length) % found.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      follow(chosen(), event.ctrlKey || event.metaKey);
    }
  });
  dialog.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) follow(option, event.ctrlKey || event.metaKey);
    else if (event.target === dialog) dialog.close();
  });
}
