// Pages work without any of this: forms post, links lead, menus are <details>. Each module adds one comfort, finds what
// it needs by data attributes, and leaves pages alone that have none.
import { start as keys } from "./keys.js";
import { start as menus } from "./menus.js";
import { start as palette } from "./palette.js";
import { start as rows } from "./rows.js";
import { start as drafts } from "./drafts.js";
import { start as composer } from "./composer.js";
import { start as dialogs } from "./dialogs.js";
import { start as counts } from "./counts.js";
import { start as clocks } from "./clocks.js";
import { start as live } from "./live.js";
import { start as theme } from "./theme.js";
import { start as suggest } from "./suggest.js";

for (const begin of [keys, menus, palette, rows, drafts, composer, dialogs, counts, clocks, live, theme, suggest]) begin();
