// The engine's own account of what happened to this cluster's containers: ground truth for exits, asked for or not.
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { ask, messageOf } from "./engine.js";
import { label } from "./labels.js";

export interface ContainerEvent {
  /** `die`, `oom`, `start`, `pause`, … */
  readonly action: string;
  readonly containerId: string;
  /** The labels `minos.node` and `minos.role`. */
  readonly node: string | null;
  readonly role: string | null;
  readonly exitCode: number | null;
}

interface RawEvent {
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
  readonly timeNano?: number;
}

const maxReopens = 5;

export class EngineEvents {
  #stream: Readable | null = null;
  #closed = false;
  #reopens = 0;
  #rest = "";
  /** Where to go on after the stream was lost, as the engine wants it: seconds since 1970. */
  #since: string | null = null;

  constructor(
    private readonly docker: Docker,
    private readonly cluster: string,
    private readonly onEvent: (event: ContainerEvent) => void,
    private readonly onLost: (detail: string) => void,
  ) {}

  async open(): Promise<void> {
    const filters = { type: ["container" as const], label: [`${label.cluster}=${this.cluster}`] };
    const options = { filters, ...(this.#since === null ? {} : { since: this.#since as unknown as number }) };
    const stream = (await ask("watch events", () => this.docker.getEvents(options))) as Readable;
    if (this.#closed) return void stream.destroy();
    this.#stream = stream;
    this.#rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => this.#read(chunk));
    stream.on("error", () => undefined);
    stream.once("close", () => void this.#reopen());
  }

  close(): void {
    this.#closed = true;
    this.#stream?.destroy();
  }

  async #reopen(): Promise<void> {
    if (this.#closed) return;
    try {
      if (++this.#reopens > maxReopens) throw new Error(`it was lost ${this.#reopens} times`);
      await this.open();
    } catch (error) {
      this.#closed = true;
      this.onLost(`the engine's event stream was lost: ${messageOf(error)}`);
    }
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") this.#take(JSON.parse(line) as RawEvent);
  }

  #take(event: RawEvent): void {
    const attributes = event.Actor?.Attributes ?? {};
    // JSON's number has lost the last digits of the nanoseconds; a microsecond on, the same event does not come again.
    if (event.timeNano !== undefined) this.#since = ((event.timeNano + 1_000) / 1e9).toFixed(6);
    const code = attributes["exitCode"];
    this.onEvent({
      action: event.Action ?? "",
      containerId: event.Actor?.ID ?? "",
      node: attributes[label.node] ?? null,
      role: attributes[label.role] ?? null,
      exitCode: code === undefined ? null : Number(code),
    });
  }
}
