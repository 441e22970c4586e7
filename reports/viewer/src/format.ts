// Numbers and times in the form in which the page prints them. Times are seconds since the run began; durations take the unit that
// keeps them short. A thin space groups thousands.

const thin = "\u2009";

export function count(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+(?!\d))/g, thin);
}

/** `12.345 s`. */
export function seconds(ns: number, digits = 3): string {
  return `${(ns / 1e9).toFixed(digits)} s`;
}

/** `850 µs`, `12.4 ms`, `1.20 s`, `2 min 5 s`. */
export function duration(ns: number): string {
  const size = Math.abs(ns);
  if (size < 1e3) return `${Math.round(ns)} ns`;
  if (size < 1e6) return `${Math.round(ns / 1e3)} µs`;
  if (size < 1e7) return `${(ns / 1e6).toFixed(2)} ms`;
  if (size < 1e8) return `${(ns / 1e6).toFixed(1)} ms`;
  if (size < 1e9) return `${Math.round(ns / 1e6)} ms`;
  if (size < 1e10) return `${(ns / 1e9).toFixed(2)} s`;
  if (size < 12e10) return `${(ns / 1e9).toFixed(1).replace(/\.0$/, "")} s`;
  return `${Math.floor(ns / 6e10)} min ${Math.round((ns % 6e10) / 1e9)} s`;
}

/** A measured value with up to three significant digits, shares as percentages. */
export function measure(value: number, unit: string): string {
  if (unit === "share" || unit === "%") {
    const percent = unit === "%" ? value : value * 100;
    return `${Number(percent.toFixed(percent < 10 ? 1 : 0))}${thin}%`;
  }
  const number =
    Number.isInteger(value) || Math.abs(value) >= 1000 ? count(value) : Number(value.toPrecision(3)).toString();
  return unit === "" ? number : `${number}${thin}${unit}`;
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Steps of 1, 2 or 5 that give about `wanted` ticks over a span. */
export function niceStep(span: number, wanted: number): number {
  const raw = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(raw));
  const lead = raw / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
}

/** Ticks of a time axis with their texts: enough digits that neighbours differ. */
export function timeTicks(
  fromNs: number,
  toNs: number,
  wanted: number,
): readonly { readonly ns: number; readonly text: string }[] {
  const step = niceStep(toNs - fromNs, wanted);
  const digits = Math.max(0, Math.min(9, -Math.floor(Math.log10(step / 1e9) + 1e-9)));
  const ticks = [];
  for (let place = Math.ceil(fromNs / step); place * step <= toNs; place++) {
    const ns = place * step;
    ticks.push({ ns, text: `${(ns / 1e9).toFixed(digits)} s` });
  }
  return ticks;
}
