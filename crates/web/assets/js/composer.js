// The composer keeps two drafts, one for each reader, and changes the text with the tab: what was written for colleagues
// never stands in a public reply.
import { later, one } from "./page.js";
import { arrived, clock, drop, lastSent, read, sent, write } from "./drafts.js";

export function start() {
  const form = one("form[data-composer]");
  if (!form) return;
  const text = one("textarea", form);
  const note = one("[data-draft-note]", form);
  const tabs = [...form.querySelectorAll("input[type=radio][name=public]")];
  const isPublic = () => (tabs.length ? tabs.find((tab) => tab.checked)?.value : one("[name=public]", form).value);
  const name = (reader = isPublic()) => `${form.dataset.composer}/${reader === "true" ? "public" : "internal"}`;

  // A redirect to the new entry says that it arrived (see Composer in timeline.rs).
  const waiting = lastSent();
  if (waiting?.startsWith(`${form.dataset.composer}/`) && location.hash.startsWith("#entry-")) arrived(waiting);

  const show = () => {
    const draft = read(name());
    text.value = draft?.value ?? "";
    note.textContent = draft ? `Draft kept ${clock(draft.at)}` : "";
  };
  if (!("failed" in form.dataset)) show();
  // A link that leads to the box means to write in it.
  if (location.hash === "#say") text.focus();

  const save = () => {
    if (!text.value.trim()) {
      drop(name());
      note.textContent = "";
      return;
    }
    write(name(), text.value);
    note.textContent = `Draft kept ${clock(Date.now())}`;
  };
  text.addEventListener("input", later(400, save));

  let before = isPublic();
  for (const tab of tabs) {
    tab.addEventListener("change", () => {
      if (text.value.trim()) write(name(before), text.value);
      before = isPublic();
      show();
    });
  }
  form.addEventListener("submit", (event) => {
    if (!text.value.trim()) {
      event.preventDefault();
      text.focus();
      return;
    }
    save();
    sent(name());
  });

  // n: internal note, r: public reply. The keys belong to the tabs where there are two, else to the box.
  for (const [key, reader] of [["n", "false"], ["r", "true"]]) {
    const tab = tabs.find((candidate) => candidate.value === reader);
    if (!tab && isPublic() !== reader) continue;
    const label = tab ? tab.closest("label") : text;
    label.dataset.key = key;
    label.addEventListener("click", () => setTimeout(() => text.focus()));
  }
}
