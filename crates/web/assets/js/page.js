// What several modules need: finding things, fetching markup, telling the reader something.

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Acts on anything that matches, also on what arrives later.
export function on(event, selector, act) {
  document.addEventListener(event, (e) => {
    const target = e.target instanceof Element && e.target.closest(selector);
    if (target) act(e, target);
  });
}

// Markup of another address of ours; null when there is none (signed out, gone, no network): the page stays as it is.
export async function markup(address, signal) {
  try {
    const answer = await fetch(address, { signal, headers: { accept: "text/html" }, credentials: "same-origin" });
    const signedOut = answer.redirected && new URL(answer.url).pathname === "/signin";
    return answer.ok && !signedOut ? await answer.text() : null;
  } catch {
    return null;
  }
}

// A whole page as a document. Nothing in it runs: it is only taken apart.
export async function page(address) {
  const text = await markup(address);
  return text && new DOMParser().parseFromString(text, "text/html");
}

const FIELDS = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
export const isTyping = (element) => element instanceof Element && element.matches(FIELDS);

// A form that somebody has begun to fill: nothing may be put over it.
export const isDirty = (root) =>
  all("input, textarea, select", root).some((field) => {
    if (field.type === "hidden" || field.disabled) return false;
    if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
    if (field.matches("select")) return [...field.options].some((option) => option.selected !== option.defaultSelected);
    return field.value !== field.defaultValue;
  });

// Says something at the foot of the page, where screen readers hear it. `act` is [label, function].
export function tell(text, act) {
  const place = one("[data-live-note]");
  if (!place) return;
  const toast = document.createElement("p");
  toast.className = "toast";
  const said = document.createElement("span");
  said.textContent = text;
  toast.append(said);
  const button = (label, run) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", () => {
      toast.remove();
      run?.();
    });
    toast.append(made);
  };
  if (act) button(act[0], act[1]);
  button("Close");
  place.replaceChildren(toast);
}

export function later(delay, act) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), delay);
  };
}

// The browser's own memory; absent in some private modes.
export const memory = {
  read: (key) => {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  },
  write: (key, value) => {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Full or forbidden: the comfort is lost, not the page.
    }
  },
  drop: (key) => {
    try {
      localStorage.removeItem(key);
    } catch {
      // As above.
    }
  },
  keys: () => {
    try {
      return Object.keys(localStorage);
    } catch {
      return [];
    }
  },
};
