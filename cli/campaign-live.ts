// What a campaign says while it goes: on a terminal one line that is drawn anew, elsewhere a plain line for each run and one a minute while
// none ends, and for programs a JSON object for each thing that happens.
import { appendFileSync, writeSync } from "node:fs";
import { formatDuration, UsageError } from "../campaign/index.js";
import type { Terminal } from "./terminal.js";

/** Of a run that ended: as its campaign counts it. */
export type EndWord = "valid" | "VIOLATION" | "unknown" | "crash" | "bad usage";

export interface LiveStart {
  readonly all: number;
  /** Of runs that ended in earlier sittings. */
  readonly ended: readonly EndWord[];
  /** Runs at a time, now. */
  readonly parallel: () => number;
  /** Until nothing more is started; null: there is no limit. */
  readonly timeLeftMs: () => number | null;
  readonly now: () => number;
}

const shownMost = 3;

/** The state of the line, and the line. */
export class CampaignLive {
  readonly #start: LiveStart;
  readonly #counts = new Map<EndWord, number>();
  readonly #underWay = new Map<string, number>();
  readonly #durationsMs: number[] = [];
  #phase: "runs" | "canary" = "runs";
  #lies = 0;

  constructor(start: LiveStart) {
    this.#start = start;
    for (const word of start.ended) this.#add(word);
  }

  started(title: string): void {
    this.#underWay.set(title, this.#start.now());
  }

  /** `word`: null for a run that was ended before it began. */
  ended(title: string, word: EndWord | null): void {
    const from = this.#underWay.get(title);
    this.#underWay.delete(title);
    if (this.#phase === "canary") this.#lies += 1;
    else if (word !== null) {
      this.#add(word);
      if (from !== undefined) this.#durationsMs.push(this.#start.now() - from);
    }
  }

  canary(): void {
    this.#phase = "canary";
  }

  line(): string {
    const now = this.#start.now();
    const done = [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    const counts = [...this.#counts].map(([word, count]) => `${count} ${word}`).join(" ");
    const left = this.#phase === "runs" ? this.#leftMs(now, this.#start.all - done) : null;
    const running = [...this.#underWay].map(([title, from]) => `${title} (${formatDuration(seconds(now - from))})`);
    const more = running.length > shownMost ? ` and ${running.length - shownMost} more` : "";
    return [
      `${done}/${this.#start.all}`,
      counts,
      this.#phase === "canary" ? `canary ${this.#lies} told` : "",
      left === null ? "" : `about ${formatDuration(seconds(left))} left`,
      running.length === 0 ? "" : `running: ${running.slice(0, shownMost).join(", ")}${more}`,
    ]
      .filter(Boolean)
      .join("  ");
  }

  #add(word: EndWord): void {
    this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
  }

  /** As long as the runs of this sitting took, and no longer than the campaign may. */
  #leftMs(now: number, open: number): number | null {
    const count = this.#durationsMs.length;
    if (count === 0 || open === 0) return null;
    const meanMs = this.#durationsMs.reduce((sum, value) => sum + value, 0) / count;
    // What is under way has done a part; one that takes longer than the others is as good as done.
    const partMs = [...this.#underWay.values()].reduce((sum, from) => sum + Math.min(meanMs, now - from), 0);
    const needMs = (meanMs * open - partMs) / Math.max(1, Math.min(this.#start.parallel(), open));
    const mayMs = this.#start.timeLeftMs();
    return mayMs === null ? needMs : Math.max(0, Math.min(needMs, mayMs + meanMs));
  }
}

/** A line that changes every second shows no parts of one. */
const seconds = (milliseconds: number): number => Math.max(1000, Math.round(milliseconds / 1000) * 1000);

const everyMs = 1_000;
const plainEveryMs = 60_000;

/** Draws the line until it is stopped. `told()`: another line was printed, so that a plain one can wait. */
export function draw(live: CampaignLive, terminal: Terminal): { told(): void; stop(): void } {
  let lastMs = performance.now();
  const timer = setInterval(() => {
    if (terminal.live) terminal.status(live.line());
    else if (performance.now() - lastMs >= plainEveryMs) {
      lastMs = performance.now();
      terminal.err(live.line());
    }
  }, everyMs);
  return {
    told() {
      lastMs = performance.now();
      terminal.status(live.line());
    },
    stop() {
      clearInterval(timer);
      terminal.status("");
    },
  };
}

export type Events = (event: Readonly<Record<string, unknown>>) => void;

/** One JSON object a line, as it happens. `path`: `-` is standard output, which then holds nothing else. */
export function openEvents(path: string | undefined): Events {
  if (path === undefined) return () => undefined;
  const write = (text: string): void => (path === "-" ? writeOut(text) : appendFileSync(path, text));
  return (event) => write(`${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
}

/** At once, so that an interrupt loses nothing; a reader that is gone ends the events, not the campaign. */
function writeOut(text: string): void {
  try {
    writeSync(process.stdout.fd, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EAGAIN") process.stdout.write(text);
    else if (code !== "EPIPE") throw error;
  }
}

/** The terminal of a campaign that tells its events on standard output: what people read goes to standard error. */
export function besideEvents(terminal: Terminal, path: string | undefined): Terminal {
  if (path !== "-") return terminal;
  if (terminal.json) throw new UsageError("--events - and --json both want standard output", "name a file for one");
  return { ...terminal, out: (text) => terminal.err(text), document: () => undefined, line: () => undefined };
}
