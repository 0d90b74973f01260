// Opens the form of a move in a dialog over the record, and the edit form in place of the details. Both are ordinary
// pages: sending is left to the browser, and errors come back as a page with everything typed.
import { all, on, one, page } from "./page.js";

const plain = (event) => event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;

async function openSheet(link) {
  const found = await page(link.href);
  const content = found && one("[data-dialog]", found);
  const sheet = one("#sheet");
  if (!content || !sheet) return location.assign(link.href);
  const head = document.createElement("div");
  head.className = "sheet-head";
  for (const part of all(".page-head .eyebrow, .page-head h1, .page-head .sub", found)) {
    // The page below has its h1 already.
    if (part.matches("h1")) {
      const heading = document.createElement("h2");
      heading.textContent = part.textContent;
      heading.id = "sheet-h";
      head.append(heading);
    } else {
      head.append(document.importNode(part, true));
    }
  }
  sheet.removeAttribute("aria-label");
  sheet.setAttribute("aria-labelledby", "sheet-h");
  sheet.replaceChildren(head, document.importNode(content, true));
  sheet.showModal();
  one("input:not([type=hidden]), textarea, select", sheet)?.focus();
}

async function swap(link) {
  const part = link.dataset.swap;
  const found = await page(link.href);
  const fresh = found && one(`[data-live="${part}"]`, found);
  const old = one(`[data-live="${part}"]`);
  if (!fresh || !old) return location.assign(link.href);
  const put = document.importNode(fresh, true);
  old.replaceWith(put);
  one("input:not([type=hidden]), textarea, select", put)?.focus();
}

export function start() {
  on("click", "a[data-dialog-link]", (event, link) => {
    if (!plain(event)) return;
    event.preventDefault();
    openSheet(link);
  });
  on("click", "a[data-swap]", (event, link) => {
    if (!plain(event)) return;
    event.preventDefault();
    swap(link);
  });
  on("click", "dialog [data-close]", (event, closer) => {
    event.preventDefault();
    closer.closest("dialog").close();
  });
  // A click on the scrim closes; one inside does not.
  on("click", "dialog.sheet-dialog", (event, dialog) => {
    if (event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) dialog.close();
  });
  for (const toast of all("[data-toast]")) setTimeout(() => toast.classList.add("done"), 8000);
}
