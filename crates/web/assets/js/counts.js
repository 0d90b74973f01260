// Numbers that cost more than the page: asked for when the page is there, put where their places are kept.
import { all, markup, one } from "./page.js";

async function fill(address) {
  const text = await markup(address);
  if (text === null) return;
  const found = new DOMParser().parseFromString(text, "text/html");
  const counts = new Map(all("data", found).map((data) => [data.value, data.textContent]));
  for (const place of all("[data-count]")) {
    const count = counts.get(place.dataset.count);
    if (count !== undefined) place.textContent = count;
  }
}

async function fillFacets(pane) {
  const text = await markup(pane.dataset.facets);
  if (text === null) return;
  const state = new Map(all("details[data-facet]", pane).map((facet) => [facet.dataset.facet, facet.open]));
  const focused = document.activeElement instanceof HTMLAnchorElement && pane.contains(document.activeElement) && document.activeElement.href;
  pane.innerHTML = text;
  for (const facet of all("details[data-facet]", pane)) facet.open = state.get(facet.dataset.facet) ?? facet.open;
  if (focused) all("a", pane).find((link) => link.href === focused)?.focus();
}

export function start() {
  const counts = one("[data-counts]");
  if (counts) fill(counts.dataset.counts);
  const facets = one("[data-facets]");
  if (facets) fillFacets(facets);
}
