// What both roles of Sequence Paxos share: the durable state, and the only functions that change it. Each change is handed to the
// outbox in the same step, so memory and disk cannot differ by more than the writes under way.
import { bottomBallot, compareBallots } from "./ballot.js";
import { CommandLog } from "./command-log.js";
import type { Counters } from "./counters.js";
import type { Ballot, Command, DurableState, NodeId } from "./interface.js";
import type { Outbox } from "./outbox.js";

export type Phase = "none" | "recover" | "prepare" | "accept";
export type Role = "leader" | "follower";

export interface PaxosHooks {
  /** The promise grew. */
  promised(ballot: Ballot): void;
  /** A follower refused this leader's ballot because it promised that one. */
  refused(promised: Ballot): void;
  /** This node appended or buffered the command as a leader and cannot answer it any more; whether it happens is unknown. */
  lost(command: Command): void;
}

export class PaxosState {
  readonly self: NodeId;
  readonly peers: readonly NodeId[];
  readonly majority: number;
  readonly outbox: Outbox;
  readonly counters: Counters;
  readonly hooks: PaxosHooks;
  readonly log = new CommandLog();
  role: Role = "follower";
  phase: Phase = "none";
  #promised: Ballot = bottomBallot;
  #accepted: Ballot = bottomBallot;
  #decided = 0;
  /** The decided index of the last write. */
  #storedDecided = 0;

  constructor(self: NodeId, members: readonly NodeId[], outbox: Outbox, counters: Counters, hooks: PaxosHooks) {
    this.self = self;
    this.peers = members.filter((member) => member !== self);
    this.majority = Math.floor(members.length / 2) + 1;
    this.outbox = outbox;
    this.counters = counters;
    this.hooks = hooks;
  }

  get promised(): Ballot {
    return this.#promised;
  }

  get accepted(): Ballot {
    return this.#accepted;
  }

  get decided(): number {
    return this.#decided;
  }

  restore(state: DurableState): void {
    if (state.decided > state.log.length)
      throw new Error(`the disk holds ${state.log.length} commands, yet says that ${state.decided} are decided`);
    if (compareBallots(state.accepted, state.promised) > 0)
      throw new Error("the disk holds an accepted ballot above the promised one");
    this.#promised = state.promised;
    this.#accepted = state.accepted;
    for (const command of state.log) this.log.append(command);
    this.#decided = state.decided;
    this.#storedDecided = state.decided;
  }

  promise(ballot: Ballot): void {
    const order = compareBallots(ballot, this.#promised);
    if (order < 0) throw new Error("a promise never shrinks");
    if (order === 0) return;
    this.#promised = ballot;
    this.outbox.store({ type: "promised", ballot });
    this.hooks.promised(ballot);
  }

  accept(ballot: Ballot): void {
    this.#accepted = ballot;
    this.outbox.store({ type: "accepted", ballot });
  }

  append(command: Command): void {
    this.outbox.storeCommand(this.log.length, command);
    this.log.append(command);
  }

  appendAll(commands: readonly Command[]): void {
    if (commands.length === 0) return;
    this.outbox.store({ type: "append", index: this.log.length, commands });
    for (const command of commands) this.log.append(command);
  }

  /** Makes the log end with `suffix`, begun at `base`. Decided commands are never touched: they are the same in every log. */
  replaceTail(base: number, suffix: readonly Command[]): void {
    if (base > this.log.length) throw new Error(`a log of ${this.log.length} commands cannot go on at ${base}`);
    const from = Math.max(base, this.#decided);
    if (from < this.log.length) {
      this.outbox.store({ type: "truncate", length: from });
      this.log.truncate(from);
    }
    this.appendAll(from === base ? suffix : suffix.slice(from - base));
  }

  /** Decided commands stay decided: the index never shrinks. */
  decide(length: number): void {
    this.#decided = Math.max(this.#decided, length);
  }

  /**
   * The decided index rides on the next write instead of asking for one: after a crash a lower one is merely decided again. Only
   * what a Promise reports must be on disk, and a Promise always asks for it.
   */
  storeDecided(): void {
    if (this.#storedDecided === this.#decided) return;
    this.#storedDecided = this.#decided;
    this.outbox.store({ type: "decided", length: this.#decided });
  }

  endTurn(): void {
    if (this.outbox.hasOperations) this.storeDecided();
  }
}
