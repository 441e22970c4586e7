// One node of the world: a core, its disk, and the little that a runtime does between them.
import {
  createCore,
  type Core,
  type CoreConfiguration,
  type CoreEffects,
  type CoreEvent,
  type NodeId,
  type PeerMessage,
} from "../core/index.js";
import type { Agenda } from "./agenda.js";
import type { SimulatedDisk } from "./disk.js";
import type { Random } from "./random.js";

export interface NodeHooks {
  send(from: NodeId, to: NodeId, message: PeerMessage): void;
  reply(reply: CoreEffects["replies"][number]): void;
  /** After each turn, when the core's state and its effects are known and nothing has left yet. */
  turned(node: SimulatedNode, core: Core, effects: CoreEffects): void;
  /** A guarded message leaves. */
  released(node: SimulatedNode, message: PeerMessage): void;
}

export type MakeCore = (configuration: CoreConfiguration) => Core;

export class SimulatedNode {
  readonly id: NodeId;
  readonly disk: SimulatedDisk;
  readonly configuration: CoreConfiguration;
  core: Core | null = null;
  incarnation = 0;
  paused = false;
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #hooks: NodeHooks;
  readonly #makeCore: MakeCore;
  /** How long events wait for company before they are handled as one turn, at most. */
  readonly #pace: { readonly turnDelayMax: number };
  #inbox: CoreEvent[] = [];
  #woken = false;
  #tickQueued = false;
  #guarded: CoreEffects["sendAfterPersist"][number][] = [];
  #replies: CoreEffects["replies"][number][] = [];
  #durableWrite = 0;

  constructor(
    configuration: CoreConfiguration,
    disk: SimulatedDisk,
    agenda: Agenda,
    random: Random,
    pace: { readonly turnDelayMax: number },
    hooks: NodeHooks,
    makeCore: MakeCore = createCore,
  ) {
    this.id = configuration.node;
    this.configuration = configuration;
    this.disk = disk;
    this.#agenda = agenda;
    this.#random = random;
    this.#pace = pace;
    this.#hooks = hooks;
    this.#makeCore = makeCore;
    disk.onDurable = (write) => this.post({ type: "persisted", write });
  }

  start(): void {
    if (this.core !== null) throw new Error(`node ${this.id} runs already`);
    this.incarnation += 1;
    this.core = this.#makeCore({ ...this.configuration, incarnation: this.incarnation });
    this.#inbox = [];
    this.#tickQueued = false;
    this.#guarded = [];
    this.#replies = [];
    this.#durableWrite = 0;
    const { durable } = this.disk;
    this.post({ type: "restored", state: { ...durable, log: [...durable.log] } });
    this.#planTick(this.incarnation, this.#random.next());
  }

  crash(): void {
    this.core = null;
    this.paused = false;
    this.disk.crash();
  }

  resume(): void {
    this.paused = false;
    this.#wake();
  }

  post(event: CoreEvent): void {
    if (this.core === null) return;
    if (event.type === "tick") {
      // A timer that fired many times while the process was stopped fires once.
      if (this.#tickQueued) return;
      this.#tickQueued = true;
    }
    this.#inbox.push(event);
    this.#wake();
  }

  #wake(): void {
    if (this.#woken || this.paused || this.#inbox.length === 0) return;
    this.#woken = true;
    const { incarnation } = this;
    this.#agenda.in(this.#random.next() * this.#pace.turnDelayMax, () => {
      this.#woken = false;
      if (this.core !== null && !this.paused && incarnation === this.incarnation) this.#turn(this.core);
      else this.#wake();
    });
  }

  #turn(core: Core): void {
    const events = this.#inbox;
    this.#inbox = [];
    this.#tickQueued = false;
    for (const event of events) if (event.type === "persisted") this.#release(event.write);
    const effects = core.handleBatch(events);
    this.#hooks.turned(this, core, effects);
    for (const { to, message } of effects.sendNow) this.#hooks.send(this.id, to, message);
    if (effects.persist !== null) this.disk.submit(effects.persist);
    for (const send of effects.sendAfterPersist) {
      if (send.after <= this.#durableWrite) this.#send(send);
      else this.#guarded.push(send);
    }
    for (const reply of effects.replies) {
      if (reply.after <= this.#durableWrite) this.#hooks.reply(reply);
      else this.#replies.push(reply);
    }
  }

  #release(write: number): void {
    this.#durableWrite = write;
    const due = this.#guarded.filter(({ after }) => after <= write);
    this.#guarded = this.#guarded.filter(({ after }) => after > write);
    for (const send of due) this.#send(send);
    const replies = this.#replies.filter(({ after }) => after <= write);
    this.#replies = this.#replies.filter(({ after }) => after > write);
    for (const reply of replies) this.#hooks.reply(reply);
  }

  #send({ to, message }: CoreEffects["sendAfterPersist"][number]): void {
    this.#hooks.released(this, message);
    this.#hooks.send(this.id, to, message);
  }

  #planTick(incarnation: number, offset: number): void {
    this.#agenda.in(offset, () => {
      if (this.incarnation !== incarnation || this.core === null) return;
      this.post({ type: "tick" });
      this.#planTick(incarnation, 1);
    });
  }
}
