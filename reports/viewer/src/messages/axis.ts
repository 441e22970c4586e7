// The diagram's time axis, downwards. Microseconds of a message and seconds of waiting stand in one picture, so the axis is shortened
// where nothing that is told happens: between two stops time runs evenly, and each stretch gets room by its logarithm, at least as much as
// the sentence beside its first stop needs. Pure.

export interface Stop {
  readonly ns: number;
  /** Room that it needs below, pixels. */
  readonly room: number;
}

export interface MessageAxis {
  readonly height: number;
  readonly stops: readonly { readonly ns: number; readonly y: number }[];
  /** Stretches in which much more time passes for each pixel than elsewhere. */
  readonly shortened: readonly { readonly fromY: number; readonly toY: number; readonly gapNs: number }[];
  y(ns: number): number;
  ns(y: number): number;
}

const finestNs = 20_000;
/** So much more time a pixel than in the finest stretch is told to the reader. */
const shortenedFactor = 60;
const shortenedMinPx = 16;

export function messageAxis(fromNs: number, toNs: number, wanted: readonly Stop[], leastHeight: number): MessageAxis {
  const rooms = new Map<number, number>([
    [fromNs, 12],
    [toNs, 0],
  ]);
  for (const { ns, room } of wanted) if (ns >= fromNs && ns <= toNs) rooms.set(ns, Math.max(room, rooms.get(ns) ?? 0));
  const times = [...rooms.keys()].sort((a, b) => a - b);
  const gaps = times.slice(1).map((ns, index) => ns - (times[index] ?? 0));
  const least = gaps.map((gap, index) =>
    Math.max(rooms.get(times[index] ?? 0) ?? 0, 4 + 3 * Math.log2(1 + gap / finestNs)),
  );
  const needed = least.reduce((sum, room) => sum + room, 0);
  const stretch = Math.max(1, leastHeight / Math.max(needed, 1));
  const height = needed * stretch;
  let at = 0;
  const stops = times.map((ns, index) => {
    if (index > 0) at += (least[index - 1] ?? 0) * stretch;
    return { ns, y: at };
  });
  const rates = gaps.map((gap, index) => gap / Math.max(1, (least[index] ?? 1) * stretch));
  const finest = Math.max(finestNs / 20, Math.min(...rates.filter((rate) => rate > 0), Number.POSITIVE_INFINITY));
  const shortened = gaps.flatMap((gapNs, index) => {
    const fromY = stops[index]?.y ?? 0;
    const toY = stops[index + 1]?.y ?? 0;
    const much = (rates[index] ?? 0) > finest * shortenedFactor && gapNs > 2e6;
    return much && toY - fromY >= shortenedMinPx ? [{ fromY, toY, gapNs }] : [];
  });
  return {
    height,
    stops,
    shortened,
    y: (ns) =>
      between(
        stops,
        ns,
        (stop) => stop.ns,
        (stop) => stop.y,
      ),
    ns: (y) =>
      between(
        stops,
        y,
        (stop) => stop.y,
        (stop) => stop.ns,
      ),
  };
}

type AxisStop = MessageAxis["stops"][number];

/** Even between two stops; the ends hold outside. */
function between(
  stops: readonly AxisStop[],
  value: number,
  key: (stop: AxisStop) => number,
  result: (stop: AxisStop) => number,
): number {
  const [first] = stops;
  const last = stops.at(-1);
  if (first === undefined || last === undefined) return 0;
  if (value <= key(first)) return result(first);
  if (value >= key(last)) return result(last);
  let low = 0;
  let high = stops.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const stop = stops[middle];
    if (stop !== undefined && key(stop) <= value) low = middle;
    else high = middle;
  }
  const a = stops[low] ?? first;
  const b = stops[high] ?? last;
  const span = key(b) - key(a);
  return span === 0 ? result(a) : result(a) + ((value - key(a)) / span) * (result(b) - result(a));
}

/** So many of these times, evenly by place, beside those that must be. */
export function sampled(times: readonly number[], most: number): readonly number[] {
  if (times.length <= most) return times;
  return Array.from({ length: most }, (_, at) => times[Math.floor((at * times.length) / most)] ?? 0);
}

/** How tall a sentence is in a column of that width, pixels: reckoned, for the axis must know before it is drawn. */
export function sentenceHeight(text: string, widthPx: number): number {
  const perLine = Math.max(12, Math.floor(widthPx / 6.9));
  return Math.ceil(text.length / perLine) * 18 + 12;
}
