// The store's messages, writes and requests in the words of a trace. Nothing that runs depends on them.
import type { TracedChange, TracedCommand, TracedConnection, TracedMessage, TraceTeller } from "../../cluster/index.js";
import type {
  Ballot,
  ClientRequest,
  ClientResponse,
  Command,
  KvOperation,
  StorageOperation,
  Waiter,
} from "../core/interface.js";
import type { PeerMessage } from "../core/messages.js";

/** Of a long list of commands the last so many are told. */
const toldMax = 64;

/** `3.n2`; priorities are left out while all are equal. */
export function ballotText({ number, priority, node }: Ballot): string {
  if (number === 0) return "none";
  return priority === 0 ? `${number}.n${node}` : `${number}.${priority}.n${node}`;
}

function operationText(operation: KvOperation): string {
  switch (operation.function) {
    case "get":
      return `get ${operation.key}`;
    case "put":
      return `put ${operation.key} = ${JSON.stringify(operation.value)}`;
    case "cas":
      return `cas ${operation.key} ${JSON.stringify(operation.expected)} → ${JSON.stringify(operation.new)}`;
  }
}

/** Null where nobody waits any more. */
const attempt = ({ origin, incarnation, connection, id }: Waiter): string | null =>
  connection === 0 ? null : `n${origin}/${incarnation}/${connection}/${id}`;

function tellCommand(command: Command): TracedCommand {
  if (command.type === "noop") return { id: null, request: null, key: null, text: "noop" };
  const id = attempt(command.waiter);
  if (command.type === "open-session") return { id, request: null, key: null, text: "open session" };
  const { session, number, operation } = command;
  return { id, request: `${session}/${number}`, key: operation.key, text: operationText(operation) };
}

const tellCommands = (
  commands: readonly Command[],
): { readonly count: number; readonly commands: readonly TracedCommand[] } => ({
  count: commands.length,
  commands: commands.slice(-toldMax).map(tellCommand),
});

function tellRequest(request: ClientRequest, id: string | null): TracedCommand | null {
  if (request.type === "hello") return null;
  if (request.type === "open-session") return { id, request: null, key: null, text: "open session" };
  const { session, number, operation } = request;
  return { id, request: `${session}/${number}`, key: operation.key, text: operationText(operation) };
}

function tellResponse(response: ClientResponse, id: string | null): TracedCommand | null {
  const told = (text: string): TracedCommand => ({ id, request: null, key: null, text });
  switch (response.type) {
    case "welcome":
      return null;
    case "session-opened":
      return told(`session ${response.session}`);
    case "refused":
      return told(`refused: ${response.reason}${response.definite ? "" : " (perhaps done)"}`);
    case "result": {
      const { result } = response;
      if (result.function === "get")
        return told(result.found ? `read ${JSON.stringify(result.value)}` : "read nothing");
      if (result.function === "put") return told("done");
      return told(result.status === "mismatch" ? `mismatch, saw ${JSON.stringify(result.observed)}` : result.status);
    }
  }
}

const agreement = "agreement";

/** Their texts tell what a reader cannot see from kind, ballot and commands alone. */
function tellMessage(message: PeerMessage): TracedMessage {
  const { type: kind } = message;
  switch (message.type) {
    case "CheckIn":
    case "Boot":
    case "Ready":
      return { kind, topic: "boot", text: kind };
    case "HeartbeatRequest":
    case "HeartbeatReply":
      return { kind, topic: "liveness", text: `${kind} ${message.sequence}` };
    case "HeartbeatReq":
      return { kind, topic: "election", text: `${kind} round ${message.round}` };
    case "HeartbeatResp": {
      const text = `${kind} round ${message.round}, own ${ballotText(message.ballot)}, follows ${ballotText(message.leader)}`;
      return { kind, topic: "election", text };
    }
    case "Route": {
      const commands = message.requests.flatMap(({ waiter, request }) => tellRequest(request, attempt(waiter)) ?? []);
      const text = `Route ${listed(commands)}`;
      return { kind, topic: "requests", text, count: commands.length, commands: commands.slice(-toldMax) };
    }
    case "RoutedReply": {
      const commands = message.answers.flatMap(({ waiter, response }) => tellResponse(response, attempt(waiter)) ?? []);
      const text = `RoutedReply ${listed(commands)}`;
      return { kind, topic: "requests", text, count: commands.length, commands: commands.slice(-toldMax) };
    }
    case "PrepareReq":
      return { kind, topic: agreement, text: kind };
    default:
      return tellAgreement(message);
  }
}

type Agreement = Extract<PeerMessage, { readonly ballot: Ballot }>;

function tellAgreement(message: Exclude<Agreement, { readonly type: "HeartbeatResp" }>): TracedMessage {
  const { type: kind } = message;
  const ballot = ballotText(message.ballot);
  const head = { kind, topic: agreement, ballot };
  switch (message.type) {
    case "Prepare": {
      const { length, decided } = message;
      return {
        ...head,
        decided,
        text: `Prepare ${ballot}: mine is ${length} long, accepted ${ballotText(message.accepted)}, decided ${decided}`,
      };
    }
    case "Promise": {
      const { length, decided, base, suffix } = message;
      const text = `Promise ${ballot}: mine is ${length} long, accepted ${ballotText(message.accepted)}, decided ${decided}, ${suffix.length} from ${base}`;
      return { ...head, text, decided, base, ...tellCommands(suffix) };
    }
    case "AcceptSync": {
      const { session, base, suffix, decided } = message;
      const text = `AcceptSync ${ballot} session ${session}: from ${base} ${listed(suffix.map(tellCommand))}; decided ${decided}`;
      return { ...head, text, decided, base, ...tellCommands(suffix) };
    }
    case "Accept": {
      const { session, counter, commands } = message;
      const told = tellCommands(commands);
      return {
        ...head,
        text: `Accept ${ballot} session ${session} counter ${counter}: ${listed(told.commands)}`,
        ...told,
      };
    }
    case "Accepted":
      return { ...head, accepted: message.length, text: `Accepted ${ballot}: ${message.length} long` };
    case "Decide":
      return {
        ...head,
        decided: message.decided,
        text: `Decide ${ballot} counter ${message.counter}: ${message.decided}`,
      };
    case "NotAccepted":
      return { ...head, text: `NotAccepted: promised ${ballot}` };
  }
}

function listed(commands: readonly TracedCommand[]): string {
  if (commands.length === 0) return "nothing";
  const shown = commands.slice(0, 3).map(({ text }) => text);
  return commands.length > 3 ? `${shown.join("; ")}; and ${commands.length - 3} more` : shown.join("; ");
}

function tellChange(operation: StorageOperation): TracedChange {
  switch (operation.type) {
    case "promised":
    case "accepted":
      return { type: operation.type, ballot: ballotText(operation.ballot) };
    case "truncate":
    case "decided":
      return { type: operation.type, length: operation.length };
    case "append":
      return { type: "append", index: operation.index, ...tellCommands(operation.commands) };
    case "table":
      return { type: "other", text: "partition table" };
  }
}

const place = ({ node, incarnation, connection }: TracedConnection, id: number): string =>
  `${node}/${incarnation}/${connection}/${id}`;

export const teller: TraceTeller = {
  message: (message) => tellMessage(message as PeerMessage),
  changes: (batch) => (batch as readonly StorageOperation[]).map(tellChange),
  request: (request, at) => tellRequest(request as ClientRequest, place(at, (request as ClientRequest).id)),
  answer: (response, at) => tellResponse(response as ClientResponse, place(at, (response as ClientResponse).id)),
};
