// Fields that name a record: the list below them is asked for while one types. What is sent is the text of the field.
import { later, markup } from "./page.js";

export function start() {
  const asked = new WeakMap();
  const ask = later(120, async (field) => {
    const query = field.value.trim();
    // A value that was just taken from the list needs no other.
    if (!query || [...(field.list?.options ?? [])].some((option) => option.value === query)) return;
    asked.get(field)?.abort();
    const now = new AbortController();
    asked.set(field, now);
    const text = await markup(`${field.dataset.suggest}?${new URLSearchParams({ q: query })}`, now.signal);
    if (text !== null && field.list) field.list.innerHTML = text;
  });
  document.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.dataset.suggest) ask(event.target);
  });
}
