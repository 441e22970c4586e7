// Colours of the canvases, read from the style sheet's custom properties so that light, dark and print are decided in one place.

const names = [
  "page",
  "panel",
  "text",
  "muted",
  "line",
  "grid",
  "get",
  "put",
  "cas",
  "other",
  "fail",
  "info",
  "bad",
  "good",
  "accent",
  "fault",
  "fault-text",
  "fault-tint",
  "fault-tint-strong",
  "lane",
  "leader",
  "on-get",
  "on-put",
  "on-cas",
] as const;
type ColourName = (typeof names)[number];

export type Palette = Readonly<Record<ColourName, string>> & {
  readonly dark: boolean;
};

let current: Palette | null = null;
const listeners = new Set<() => void>();

export function palette(): Palette {
  if (current !== null) return current;
  const style = getComputedStyle(document.documentElement);
  const colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  const dark = style.getPropertyValue("--is-dark").trim() === "1";
  return (current = { ...(colours as Record<ColourName, string>), dark });
}

/** Calls back whenever the colours changed: another theme, or the printer. */
export function onPalette(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function changed(): void {
  current = null;
  for (const listener of listeners) listener();
}

export type Theme = "auto" | "light" | "dark";

export function setTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  changed();
}

/** Watches the system's theme and the printer. The canvases are drawn in light colours for print, and back afterwards. */
export function watchPalette(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  addEventListener("beforeprint", () => {
    document.documentElement.dataset["print"] = "true";
    changed();
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset["print"];
    changed();
  });
}

/** The colour of a function's operations: the same three names in every picture. */
export function functionColour(name: string, colours: Palette): string {
  return name === "get" || name === "read"
    ? colours.get
    : name === "put" || name === "write"
      ? colours.put
      : name === "cas"
        ? colours.cas
        : colours.other;
}

/** What is legible on a bar of that colour. */
export function inkOn(name: string, colours: Palette): string {
  return name === "get" || name === "read" ? colours["on-get"] : name === "cas" ? colours["on-cas"] : colours["on-put"];
}
