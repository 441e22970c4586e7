// A group's log in memory. What is decided and applied is kept in columns (about 50 bytes and its key and value per command, where
// an object with its waiter takes several hundred); the undecided tail, which may still be truncated and whose waiters are still
// owed an answer, is kept as it came.
import { nodeId, type Command, type Value, type Waiter } from "./interface.js";

const CHUNK_LENGTH = 1024;

/** The waiter of a command from the columns: its leader applied it long ago and answered then. */
export const nobody: Waiter = { origin: nodeId(0), incarnation: 0, connection: 0, id: 0 };
const noop: Command = { type: "noop" };
const openSession: Command = { type: "open-session", waiter: nobody };

const kinds = { noop: 0, openSession: 1, get: 2, put: 3, cas: 4 } as const;

interface Chunk {
  readonly kinds: Uint8Array;
  readonly sessions: Float64Array;
  readonly numbers: Uint32Array;
  readonly acknowledged: Uint32Array;
  readonly keys: string[];
  /** PUT: its value. CAS: [expected, new]. */
  readonly values: (Value | readonly [Value, Value])[];
}

export class CommandLog {
  readonly #chunks: Chunk[] = [];
  #compacted = 0;
  #tail: Command[] = [];

  get length(): number {
    return this.#compacted + this.#tail.length;
  }

  get(index: number): Command {
    const command = index < this.#compacted ? this.#expand(index) : this.#tail[index - this.#compacted];
    if (command === undefined) throw new Error(`the log has ${this.length} commands, none at ${index}`);
    return command;
  }

  slice(from: number, to: number = this.length): Command[] {
    if (from >= this.#compacted) return this.#tail.slice(from - this.#compacted, to - this.#compacted);
    const commands: Command[] = [];
    for (let index = from; index < to; index += 1) commands.push(this.get(index));
    return commands;
  }

  append(command: Command): void {
    this.#tail.push(command);
  }

  truncate(length: number): void {
    if (length < this.#compacted)
      throw new Error(`decided commands end at ${this.#compacted}, cannot truncate to ${length}`);
    if (length < this.length) this.#tail.length = length - this.#compacted;
  }

  /** Moves commands below `length` into the columns. `canonicalKey` gives one shared string for equal keys. */
  compact(length: number, canonicalKey: (key: string) => string): void {
    const count = Math.min(length - this.#compacted, this.#tail.length);
    if (count <= 0) return;
    for (let index = 0; index < count; index += 1) this.#store(this.#tail[index] ?? noop, canonicalKey);
    if (count === this.#tail.length) this.#tail = [];
    else this.#tail.splice(0, count);
  }

  #store(command: Command, canonicalKey: (key: string) => string): void {
    const offset = this.#compacted % CHUNK_LENGTH;
    if (offset === 0) this.#chunks.push(newChunk());
    const chunk = this.#chunks[this.#chunks.length - 1];
    if (chunk === undefined) throw new Error("the log has no chunk for its next command");
    this.#compacted += 1;
    if (command.type !== "operation") {
      chunk.kinds[offset] = command.type === "noop" ? kinds.noop : kinds.openSession;
      chunk.keys.push("");
      chunk.values.push(null);
      return;
    }
    const { operation } = command;
    chunk.kinds[offset] = kinds[operation.function];
    chunk.sessions[offset] = command.session;
    chunk.numbers[offset] = command.number;
    chunk.acknowledged[offset] = command.acknowledgedBelow;
    chunk.keys.push(canonicalKey(operation.key));
    if (operation.function === "put") chunk.values.push(operation.value);
    else if (operation.function === "cas") chunk.values.push([operation.expected, operation.new]);
    else chunk.values.push(null);
  }

  #expand(index: number): Command {
    const chunk = this.#chunks[Math.floor(index / CHUNK_LENGTH)];
    if (chunk === undefined) throw new Error(`the log has no chunk for ${index}`);
    const offset = index % CHUNK_LENGTH;
    const kind = chunk.kinds[offset];
    if (kind === kinds.noop) return noop;
    if (kind === kinds.openSession) return openSession;
    const key = chunk.keys[offset] ?? "";
    const value = chunk.values[offset] ?? null;
    const common = {
      type: "operation",
      session: chunk.sessions[offset] ?? 0,
      number: chunk.numbers[offset] ?? 0,
      acknowledgedBelow: chunk.acknowledged[offset] ?? 0,
      waiter: nobody,
    } as const;
    if (typeof value === "object" && value !== null)
      return { ...common, operation: { function: "cas", key, expected: value[0], new: value[1] } };
    if (kind === kinds.put) return { ...common, operation: { function: "put", key, value } };
    return { ...common, operation: { function: "get", key } };
  }
}

function newChunk(): Chunk {
  return {
    kinds: new Uint8Array(CHUNK_LENGTH),
    sessions: new Float64Array(CHUNK_LENGTH),
    numbers: new Uint32Array(CHUNK_LENGTH),
    acknowledged: new Uint32Array(CHUNK_LENGTH),
    keys: [],
    values: [],
  };
}

/** Most commands, and most characters of keys and values, that travel in one message. */
const COMMANDS_PER_MESSAGE_MAX = 8192;
const CHARACTERS_PER_MESSAGE_MAX = 1_000_000;

/** Cuts commands into messages of bounded size; always at least one part. */
export function splitIntoMessages(commands: readonly Command[]): readonly (readonly Command[])[] {
  const parts: Command[][] = [];
  let part: Command[] = [];
  let characters = 0;
  for (const command of commands) {
    const size = charactersOf(command);
    if (
      part.length > 0 &&
      (part.length >= COMMANDS_PER_MESSAGE_MAX || characters + size > CHARACTERS_PER_MESSAGE_MAX)
    ) {
      parts.push(part);
      part = [];
      characters = 0;
    }
    part.push(command);
    characters += size;
  }
  parts.push(part);
  return parts;
}

function charactersOf(command: Command): number {
  if (command.type !== "operation") return 0;
  const { operation } = command;
  const text = (value: Value): number => (typeof value === "string" ? value.length : 8);
  if (operation.function === "put") return operation.key.length + text(operation.value);
  if (operation.function === "cas") return operation.key.length + text(operation.expected) + text(operation.new);
  return operation.key.length;
}
