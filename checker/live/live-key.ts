// One key of a live history: its events wait in order until the outcome of the operation at the head is known, and go to the engine.
import type { JsonValue, Operation } from "../../history/index.js";
import { EngineGaveUp, type GivenUp, type LiveEngine } from "./engine.js";
import { tellRegister, valueKey, writtenBy, type LiveOperation, type ValueKey } from "./operation.js";
import { registerRules } from "./rules.js";
import { seedsOf } from "./seeds.js";
import { Sweep, type SweepLimits } from "./sweep.js";
import { Zones } from "./zones.js";

/** How many configurations a sweep may begin with when it takes over. */
const maxSeeds = 4096;

export type KeyStatus =
  | { readonly kind: "valid" }
  | { readonly kind: "violation"; readonly operation: LiveOperation }
  | { readonly kind: "given-up"; readonly why: GivenUp };

const valid: KeyStatus = { kind: "valid" };

export abstract class LiveKey {
  readonly key: JsonValue;
  #status: KeyStatus = valid;
  /** Each operation stands here twice, for its call and for its return. */
  #queue: LiveOperation[] = [];
  #head = 0;
  #swept = 0;
  /** Those that waited when it was given up. */
  #leftWaiting = 0;

  constructor(key: JsonValue) {
    this.key = key;
  }

  get status(): KeyStatus {
    return this.#status;
  }

  /** Events told of, and those that wait for the outcome of the oldest operation. */
  get waiting(): number {
    return this.#leftWaiting + this.#queue.length - this.#head;
  }

  get swept(): number {
    return this.#swept;
  }

  /** How much memory it takes, about: events that wait and operations that are never forgotten. */
  get held(): number {
    return this.waiting + this.unforgotten;
  }

  /** An operation was called. */
  called(operation: LiveOperation): void {
    if (this.#status !== valid) return;
    this.announce(operation);
    this.#queue.push(operation);
  }

  /** It returned, and everything up to then was told. To be followed by `advance`. */
  returned(operation: LiveOperation): void {
    if (this.#status === valid) this.#queue.push(operation);
  }

  /** Acts on everything that need not wait. */
  advance(): void {
    while (this.#status === valid && this.#head < this.#queue.length) {
      const operation = this.#queue[this.#head];
      if (operation === undefined || !(operation.settled || operation.swept)) break;
      this.#head += 1;
      this.#swept += 1;
      try {
        this.#act(operation);
      } catch (error) {
        if (!(error instanceof EngineGaveUp)) throw error;
        this.giveUp(error.why);
      }
    }
    this.#compact();
  }

  giveUp(why: GivenUp): void {
    this.#end({ kind: "given-up", why });
  }

  #act(operation: LiveOperation): void {
    if (!operation.swept) {
      operation.swept = true;
      if (operation.outcome === "fail") this.denounce(operation);
      else this.sweepCall(operation);
    } else if (!this.sweepReturn(operation)) this.#end({ kind: "violation", operation });
  }

  #end(status: KeyStatus): void {
    this.#status = status;
    this.#leftWaiting = this.#queue.length - this.#head;
    this.#queue = [];
    this.#head = 0;
    this.forget();
  }

  #compact(): void {
    if (this.#head === this.#queue.length) {
      if (this.#head > 0) this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head > this.#queue.length / 2) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  protected abstract get unforgotten(): number;
  protected abstract announce(operation: LiveOperation): void;
  /** It certainly did not happen. */
  protected abstract denounce(operation: LiveOperation): void;
  protected abstract sweepCall(operation: LiveOperation): void;
  protected abstract sweepReturn(operation: LiveOperation): boolean;
  /** Nothing more will be asked. */
  protected abstract forget(): void;
}

/** A key of any model. */
export class ModelKey extends LiveKey {
  #engine: LiveEngine | null;
  readonly #says: (operation: Operation) => boolean;

  /** `says`: whether an operation of unknown outcome can have changed anything. */
  constructor(key: JsonValue, engine: LiveEngine, says: (operation: Operation) => boolean) {
    super(key);
    this.#engine = engine;
    this.#says = says;
  }

  protected get unforgotten(): number {
    return this.#engine?.held ?? 0;
  }

  protected announce(): void {}
  protected denounce(): void {}

  protected sweepCall(operation: LiveOperation): void {
    if (operation.outcome === "ok" || this.#says(operation)) this.#engine?.call(operation);
  }

  protected sweepReturn(operation: LiveOperation): boolean {
    return this.#engine?.return(operation) ?? true;
  }

  protected forget(): void {
    this.#engine = null;
  }
}

/** A key that is a register: judged without a search until its values cannot be told apart. */
export class RegisterKey extends LiveKey {
  readonly #limits: SweepLimits;
  readonly #pending = new Map<ValueKey, number>();
  #zones: Zones | null;
  #sweep: Sweep<ValueKey> | null = null;

  constructor(key: JsonValue, initial: JsonValue, limits: SweepLimits) {
    super(key);
    this.#limits = limits;
    this.#zones = new Zones(valueKey(initial), this.#pending);
  }

  protected get unforgotten(): number {
    return (this.#zones ?? this.#sweep)?.held ?? 0;
  }

  protected announce(operation: LiveOperation): void {
    if (this.#zones === null) return;
    const value = writtenBy(operation);
    if (value !== undefined) this.#pending.set(value, (this.#pending.get(value) ?? 0) + 1);
  }

  protected denounce(operation: LiveOperation): void {
    if (this.#zones === null) return;
    const value = writtenBy(operation);
    if (value === undefined) return;
    const left = (this.#pending.get(value) ?? 0) - 1;
    if (left > 0) this.#pending.set(value, left);
    else this.#pending.delete(value);
  }

  protected sweepCall(operation: LiveOperation): void {
    this.denounce(operation);
    tellRegister(operation);
    if (operation.word === "nothing" || operation.word === "contradiction") return;
    if (this.#zones !== null && !this.#zones.admits(operation)) this.#changeOver(this.#zones);
    (this.#zones ?? this.#sweep)?.call(operation);
  }

  protected sweepReturn(operation: LiveOperation): boolean {
    if (operation.word === "contradiction") return false;
    return (this.#zones ?? this.#sweep)?.return(operation) ?? true;
  }

  protected forget(): void {
    this.#zones = null;
    this.#sweep = null;
    this.#pending.clear();
  }

  #changeOver(zones: Zones): void {
    const { open, unknown, seeds } = seedsOf(zones, maxSeeds);
    const sweep = new Sweep<ValueKey>(registerRules, null, this.#limits);
    sweep.seed(open, unknown, seeds);
    this.#sweep = sweep;
    this.#zones = null;
    this.#pending.clear();
  }
}
