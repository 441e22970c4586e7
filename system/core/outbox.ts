// Collects what one turn of the core wants done. A turn may be many events: their storage operations become one write, and every
// guarded message of the turn waits for it.
import type { ClientResponse, Command, ConnectionId, CoreEffects, NodeId, StorageOperation } from "./interface.js";
import type { GuardedMessage, PeerMessage, RoutedAnswer, RoutedRequest, UnguardedMessage } from "./messages.js";

type AfterPersist = { readonly after: number; readonly to: NodeId; readonly message: PeerMessage };
type Reply = { readonly after: number; readonly connection: ConnectionId; readonly response: ClientResponse };

export class Outbox {
  #now: { to: NodeId; message: UnguardedMessage }[] = [];
  #guarded: { to: NodeId; message: PeerMessage }[] = [];
  #operations: StorageOperation[] = [];
  /** The append operation to which single commands are still added; null when the last operation is another one. */
  #openAppend: { index: number; commands: Command[] } | null = null;
  #replies: Reply[] = [];
  #routes = new Map<NodeId, RoutedRequest[]>();
  #answers = new Map<NodeId, RoutedAnswer[]>();
  #lastWrite = 0;
  #persistedWrite = 0;

  /** The number that this turn's write will have, if the turn writes anything. */
  get nextWrite(): number {
    return this.#lastWrite + 1;
  }

  get persistedWrite(): number {
    return this.#persistedWrite;
  }

  get hasOperations(): boolean {
    return this.#operations.length > 0;
  }

  persisted(write: number): void {
    if (write > this.#lastWrite)
      throw new Error(`write ${write} is durable but only ${this.#lastWrite} were asked for`);
    this.#persistedWrite = Math.max(this.#persistedWrite, write);
  }

  sendNow(to: NodeId, message: UnguardedMessage): void {
    this.#now.push({ to, message });
  }

  /** Leaves when everything written up to the end of this turn is durable. */
  sendAfterPersist(to: NodeId, message: GuardedMessage | UnguardedMessage): void {
    this.#guarded.push({ to, message });
  }

  store(operation: StorageOperation): void {
    this.#openAppend = null;
    this.#operations.push(operation);
  }

  /** One command at the log's end; those of one turn share an operation. */
  storeCommand(index: number, command: Command): void {
    const open = this.#openAppend;
    if (open !== null && open.index + open.commands.length === index) {
      open.commands.push(command);
      return;
    }
    const append = { index, commands: [command] };
    this.#openAppend = append;
    this.#operations.push({ type: "append", ...append });
  }

  route(to: NodeId, request: RoutedRequest): void {
    const requests = this.#routes.get(to);
    if (requests === undefined) this.#routes.set(to, [request]);
    else requests.push(request);
  }

  /** An answer to the node that the client asked. It rests on a decision, which is durable at a majority: nothing to wait for. */
  answer(to: NodeId, answer: RoutedAnswer): void {
    const answers = this.#answers.get(to);
    if (answers === undefined) this.#answers.set(to, [answer]);
    else answers.push(answer);
  }

  /** An answer to a client of this node; it rests on a decision or tells of a refusal: nothing to wait for. */
  reply(connection: ConnectionId, response: ClientResponse): void {
    this.#replies.push({ after: 0, connection, response });
  }

  /** Ends the turn. */
  flush(): CoreEffects {
    for (const [to, requests] of this.#routes) this.#now.push({ to, message: { type: "Route", requests } });
    const persist = this.#operations.length === 0 ? null : { write: ++this.#lastWrite, operations: this.#operations };
    const sendAfterPersist: AfterPersist[] = [];
    for (const [to, answers] of this.#answers)
      sendAfterPersist.push({ after: 0, to, message: { type: "RoutedReply", answers } });
    for (const { to, message } of this.#guarded) sendAfterPersist.push({ after: this.#lastWrite, to, message });
    const effects: CoreEffects = { sendNow: this.#now, persist, sendAfterPersist, replies: this.#replies };
    this.#now = [];
    this.#guarded = [];
    this.#operations = [];
    this.#openAppend = null;
    this.#replies = [];
    if (this.#routes.size > 0) this.#routes = new Map();
    if (this.#answers.size > 0) this.#answers = new Map();
    return effects;
  }
}
