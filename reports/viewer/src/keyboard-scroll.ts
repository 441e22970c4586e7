// What scrolls sideways must be reachable by keys, too: a table that is wider than its place takes the focus, and only then. Watched rather
// than written into each table, for which of them are too wide depends on the screen.

/** Tables and texts that scroll inside the page. */
const scrollers = ".scroll-x, pre";

function nameOf(element: Element): string {
  const caption = element.querySelector("caption")?.textContent ?? "";
  const heading = element.closest("section")?.querySelector("h2")?.textContent ?? "";
  return caption === "" ? `${heading} (scrolls sideways)` : caption;
}

function settle(element: HTMLElement): void {
  const wide = element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight;
  if (wide === (element.tabIndex === 0)) return;
  if (!wide) {
    for (const name of ["tabindex", "role", "aria-label"]) element.removeAttribute(name);
    return;
  }
  element.tabIndex = 0;
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", nameOf(element));
}

/** Watches all of the page, also what is opened or drawn later. */
export function watchScrollers(root: HTMLElement): void {
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) if (target instanceof HTMLElement) settle(target);
  });
  const seen = new WeakSet<Element>();
  const find = (): void => {
    for (const element of root.querySelectorAll<HTMLElement>(scrollers)) {
      if (seen.has(element)) settle(element);
      else {
        seen.add(element);
        sizes.observe(element);
      }
    }
  };
  let asked = false;
  new MutationObserver(() => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      find();
    });
  }).observe(root, { childList: true, subtree: true });
  find();
}
