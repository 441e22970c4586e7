// Applies the decided log to sessions and state machine, and says who is to be answered what.
import type { Counters } from "./counters.js";
import { Hasher, formatDigest } from "./hash.js";
import type { ClientResponse, Command, GroupId, Waiter } from "./interface.js";
import { KeyValueStateMachine } from "./key-value-state-machine.js";
import { Sessions } from "./sessions.js";

export class Replica {
  readonly stateMachine = new KeyValueStateMachine();
  readonly sessions: Sessions;
  readonly #group: GroupId;
  readonly #counters: Counters;
  #applied = 0;
  /** As text, for as many commands as it was made of. */
  #stateHash = { applied: -1, text: "" };

  constructor(group: GroupId, sessionLimit: number, counters: Counters) {
    this.#group = group;
    this.#counters = counters;
    this.sessions = new Sessions(sessionLimit);
  }

  /** How many commands of the log have been applied. */
  get applied(): number {
    return this.#applied;
  }

  /** Over map and sessions after `applied` commands. */
  get stateHash(): string {
    if (this.#stateHash.applied !== this.#applied) {
      const { digest } = this.stateMachine;
      const sessions = this.sessions.digest;
      const whole = new Hasher().word(digest.high).word(digest.low).word(sessions.high).word(sessions.low);
      this.#stateHash = { applied: this.#applied, text: formatDigest(whole.digest()) };
    }
    return this.#stateHash.text;
  }

  /** Applies the log's next command; its waiter and answer, where there is one. */
  apply(command: Command): { readonly waiter: Waiter; readonly response: ClientResponse } | null {
    const index = this.#applied;
    this.#applied += 1;
    this.#counters.count("applied");
    if (command.type === "noop") return null;
    const { waiter } = command;
    if (command.type === "open-session") {
      this.sessions.open(index);
      return { waiter, response: { type: "session-opened", id: waiter.id, group: this.#group, session: index } };
    }
    return { waiter, response: this.#operation(command, index) };
  }

  #operation(command: Extract<Command, { type: "operation" }>, index: number): ClientResponse {
    const { session, number, acknowledgedBelow, operation } = command;
    const { id } = command.waiter;
    const admission = this.sessions.admit(session, number, acknowledgedBelow);
    switch (admission.type) {
      case "refused":
        // Not definite, though it will never be applied: it has been in a log, and an earlier attempt may have been applied.
        return { type: "refused", id, definite: false, reason: admission.reason };
      case "answered":
        this.#counters.count("answered_from_session");
        return { type: "result", id, result: admission.result };
      case "apply": {
        const result = this.stateMachine.apply(operation, index);
        this.sessions.remember(session, number, result);
        return { type: "result", id, result };
      }
    }
  }
}
