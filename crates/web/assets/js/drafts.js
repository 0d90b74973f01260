// Half-written forms survive a reload, a crash and an expired session; they go when they arrived, or with signing out.
// A draft is dropped only when its page is gone after sending: a failed send leaves it where it was.
import { all, later, memory, on, one } from "./page.js";

const SENT = "vouch:sent";
const prefix = () => `vouch:draft:${document.body.dataset.user}:`;

export const read = (name) => memory.read(prefix() + name);
export const write = (name, value) => memory.write(prefix() + name, { value, at: Date.now() });
export const drop = (name) => memory.drop(prefix() + name);
export const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

// Remembers what was sent, until the next page shows whether it arrived.
export const sent = (name) => sessionStorage.setItem(SENT, name);
export const lastSent = () => sessionStorage.getItem(SENT);
export const arrived = (name) => {
  sessionStorage.removeItem(SENT);
  drop(name);
};

const KEPT = "input:not([type=hidden], [type=password], [type=file]), textarea, select";

function collect(form) {
  const kept = {};
  for (const field of all(KEPT, form)) {
    if (!field.name) continue;
    if (field.matches("[type=checkbox], [type=radio]")) kept[`${field.name}=${field.value}`] = field.checked;
    else kept[field.name] = field.value;
  }
  return kept;
}

function restore(form, kept) {
  for (const field of all(KEPT, form)) {
    const key = field.matches("[type=checkbox], [type=radio]") ? `${field.name}=${field.value}` : field.name;
    if (!(key in kept)) continue;
    if (typeof kept[key] === "boolean") field.checked = kept[key];
    else field.value = kept[key];
  }
}

function keep(form) {
  const name = form.dataset.draft;
  const note = one("[data-draft-note]", form);
  const draft = read(name);
  const blank = JSON.stringify(collect(form));
  if (draft && !("failed" in form.dataset) && JSON.stringify(draft.value) !== blank) {
    restore(form, draft.value);
    if (note) {
      const discard = document.createElement("button");
      discard.type = "button";
      discard.className = "link-btn";
      discard.textContent = "Discard it";
      discard.addEventListener("click", () => {
        drop(name);
        form.reset();
        note.textContent = "";
      });
      note.replaceChildren(`Your draft of ${clock(draft.at)} is back. `, discard);
    }
  }
  const save = later(400, () => {
    write(name, collect(form));
    if (note) note.textContent = `Draft kept ${clock(Date.now())}`;
  });
  form.addEventListener("input", save);
  form.addEventListener("submit", () => {
    write(name, collect(form));
    sent(name);
  });
}

export function start() {
  const forms = all("form[data-draft]");
  const waiting = lastSent();
  // The form that was sent is not here any more: the server took it.
  if (waiting && !waiting.includes("/") && !forms.some((form) => form.dataset.draft === waiting)) arrived(waiting);
  for (const form of forms) keep(form);
  on("submit", "[data-signout]", () => {
    for (const key of memory.keys()) if (key.startsWith(prefix())) memory.drop(key);
  });
}
