// A node's disk as the core may rely on it: writes become durable in order, in atomic batches, some time after they were asked for;
// of what was under way at a crash nobody knows.
import { bottomBallot, type CoreEffects, type DurableState, type StorageOperation } from "../core/index.js";
import type { Agenda } from "./agenda.js";
import type { Random } from "./random.js";

type Write = NonNullable<CoreEffects["persist"]>;

interface MutableState {
  table: DurableState["table"];
  promised: DurableState["promised"];
  accepted: DurableState["accepted"];
  log: DurableState["log"][number][];
  decided: number;
}

export function emptyState(): MutableState {
  return { table: null, promised: bottomBallot, accepted: bottomBallot, log: [], decided: 0 };
}

/** Applies one write to a state; throws where the core asks for the impossible. */
export function applyOperations(state: MutableState, operations: readonly StorageOperation[]): void {
  for (const operation of operations) {
    switch (operation.type) {
      case "table":
        state.table = operation.table;
        break;
      case "promised":
        state.promised = operation.ballot;
        break;
      case "accepted":
        state.accepted = operation.ballot;
        break;
      case "truncate":
        if (operation.length > state.log.length) throw new Error("a truncation cannot lengthen the log");
        state.log.length = operation.length;
        break;
      case "append":
        if (operation.index !== state.log.length)
          throw new Error(`append at ${operation.index} to a log of ${state.log.length}`);
        for (const command of operation.commands) state.log.push(command);
        break;
      case "decided":
        if (operation.length > state.log.length) throw new Error("more is decided than the log holds");
        state.decided = operation.length;
        break;
    }
  }
}

export class SimulatedDisk {
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #latency: () => number;
  #waiting: Write[] = [];
  #underWay: Write[] = [];
  /** Grows with each crash: a completion that was planned before it does nothing. */
  #epoch = 0;
  readonly durable = emptyState();
  onDurable: (write: number) => void = () => {};

  constructor(agenda: Agenda, random: Random, latency: () => number) {
    this.#agenda = agenda;
    this.#random = random;
    this.#latency = latency;
  }

  submit(write: Write): void {
    this.#waiting.push(write);
    if (this.#underWay.length === 0) this.#start();
  }

  /** The batch under way happened or did not; what waited behind it did not. */
  crash(): void {
    this.#epoch += 1;
    if (this.#random.chance(0.5)) for (const write of this.#underWay) applyOperations(this.durable, write.operations);
    this.#underWay = [];
    this.#waiting = [];
  }

  #start(): void {
    this.#underWay = this.#waiting;
    this.#waiting = [];
    const epoch = this.#epoch;
    this.#agenda.in(this.#latency(), () => {
      if (epoch !== this.#epoch) return;
      for (const write of this.#underWay) applyOperations(this.durable, write.operations);
      const last = this.#underWay[this.#underWay.length - 1];
      this.#underWay = [];
      if (this.#waiting.length > 0) this.#start();
      if (last !== undefined) this.onDurable(last.write);
    });
  }
}
