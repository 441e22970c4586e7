// What happened in a world, as text: one line for each message sent and received and each thing done to a node or link, with its
// virtual time. Bounded: the latest lines are kept.
import type { DeterministicSystem } from "../cluster/index.js";

const linesMax = 200_000;

export class Trace {
  readonly #describe: (message: unknown) => string;
  #lines: string[] = [];
  dropped = 0;

  constructor(system: DeterministicSystem) {
    this.#describe = system.describe ?? ((message) => JSON.stringify(message));
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  sent(timeNs: number, from: string, to: string, messages: readonly unknown[]): void {
    for (const message of messages) this.#add(timeNs, `${from} → ${to}  ${this.#describe(message)}`);
  }

  received(timeNs: number, from: string, to: string, messages: readonly unknown[]): void {
    for (const message of messages) this.#add(timeNs, `${to} ← ${from}  ${this.#describe(message)}`);
  }

  fault(timeNs: number, text: string): void {
    this.#add(timeNs, `*** ${text}`);
  }

  text(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }

  #add(timeNs: number, text: string): void {
    this.#lines.push(`${(timeNs / 1e9).toFixed(6).padStart(11)}  ${text}`);
    if (this.#lines.length <= linesMax) return;
    this.dropped += linesMax / 2;
    this.#lines = this.#lines.slice(linesMax / 2);
  }
}
