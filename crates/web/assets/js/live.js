// What somebody else changed appears in place. The server says which record moved (`/events`), the page is fetched
// again through the ordinary permission, and only the parts that differ are exchanged; a form that somebody types in is
// never touched. A hidden page holds no connection: browsers allow few.
import { all, isDirty, isTyping, later, one, page, tell } from "./page.js";

const WAIT = 500;
const moved = new Map();
let source = null;
let heard = null;

const busy = (part) => isDirty(part) || (part.contains(document.activeElement) && isTyping(document.activeElement));

// Puts the new part in the old one's place, and the focus back on the same link.
function exchange(old, fresh) {
  const focused = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
  const put = document.importNode(fresh, true);
  old.replaceWith(put);
  if (focused) all("a", put).find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
  return put;
}

function refreshParts(found, who) {
  let kept = 0;
  let changed = 0;
  for (const part of all("[data-live]")) {
    const fresh = one(`[data-live="${CSS.escape(part.dataset.live)}"]`, found);
    if (!fresh || fresh.outerHTML === part.outerHTML) continue;
    if (busy(part)) {
      kept += 1;
    } else {
      exchange(part, fresh).classList.add("fresh");
      changed += 1;
    }
  }
  if (kept) tell(`${who} changed this while you write. Your text stays; saving will show both sides.`);
  else if (changed) tell(`${who} changed this. The page shows it now.`);
}

function refreshRows(found) {
  const table = one("[data-rows] table");
  if (!table) return;
  const fresh = new Map(all("tr[data-number]", found).map((row) => [row.dataset.number, row]));
  for (const row of all("tr[data-number]", table)) {
    const next = fresh.get(row.dataset.number);
    fresh.delete(row.dataset.number);
    if (!next) {
      row.classList.toggle("gone", moved.has(row.dataset.number));
    } else if (next.dataset.version !== row.dataset.version) {
      const checked = one("input[name=pick]", row)?.checked;
      const cursor = row.hasAttribute("data-cursor");
      const put = exchange(row, next);
      put.classList.add("fresh");
      if (cursor) put.setAttribute("data-cursor", "");
      const box = one("input[name=pick]", put);
      if (box && checked) box.checked = true;
    }
  }
  const arrived = [...fresh.keys()].filter((number) => moved.has(number)).length;
  if (arrived) tell(arrived === 1 ? "One more belongs here now." : `${arrived} more belong here now.`, ["Show", () => location.reload()]);
}

const refresh = later(WAIT, async () => {
  const record = one("[data-record]");
  const number = record?.dataset.record;
  if (record && !((moved.get(number)?.version ?? 0) > Number(record.dataset.version))) return moved.clear();
  const found = await page(location.href);
  if (!found) return;
  const who = (record && moved.get(number)?.by) || "Somebody else";
  if (record) record.dataset.version = one("[data-record]", found)?.dataset.version ?? record.dataset.version;
  refreshParts(found, who);
  refreshRows(found);
  moved.clear();
});

function hear(event) {
  try {
    const news = JSON.parse(event.data);
    moved.set(news.number, news);
    // The id is a leaf of the ledger: a page that was hidden goes on from there.
    heard = event.lastEventId || heard;
    refresh();
  } catch {
    // Not ours to understand: a keep-alive.
  }
}

function listen(address) {
  if (source) return;
  const from = new URL(address, location.href);
  if (heard) from.searchParams.set("since", String(Number(heard) + 1));
  source = new EventSource(from);
  source.addEventListener("changed", hear);
}

export function start() {
  const address = document.body.dataset.events;
  if (!address) return;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else {
      listen(address);
    }
  });
  if (!document.hidden) listen(address);
  addEventListener("pagehide", () => source?.close());
}
