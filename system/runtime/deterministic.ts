// The store without input or output, for simulation: the same core, engine and log format that `node.ts` puts on sockets and files.
import type {
  Decision,
  DeterministicNode,
  DeterministicNodeOptions,
  DeterministicSystem,
  DiskDamage,
  MessageClaim,
  NodeInput,
  NodeInspection,
  NodeName,
  NodeOutput,
  NodeStatus,
  TracedState,
} from "../../cluster/index.js";
import { ClientCore } from "../client/client-core.js";
import { bottomBallot } from "../core/ballot.js";
import { createCore } from "../core/index.js";
import { judgeHello } from "../core/link.js";
import {
  nodeId,
  type Ballot,
  type ClientRequest,
  type ClientResponse,
  type Command,
  type DurableState,
  type PartitionTable,
  type StorageOperation,
} from "../core/interface.js";
import type { PeerMessage } from "../core/messages.js";
import { told } from "./admin-server.js";
import { Engine } from "./engine.js";
import { frameHeaderBytes } from "./frame.js";
import { groupStatus } from "./group-status.js";
import { decodeOperations, encodeOperations } from "./replay.js";
import { ballotText, teller } from "./tell.js";
import { electionTimeoutMs, limits, tickMs, timing } from "./timing.js";
import { MessageDecoder, MessageEncoder } from "./wire.js";
import { encodeBatch, scanLog, segmentHeader, segmentHeaderBytes } from "./wal-format.js";

/** What a write-ahead log adds up to. */
interface Disk {
  table: DurableState["table"];
  promised: Ballot;
  accepted: Ballot;
  log: Command[];
  decided: number;
  /** What was written, in order, as far as it is believed. */
  batches: Batch[];
}

type Batch = readonly StorageOperation[];

const emptyDisk = (): Disk => ({
  table: null,
  promised: bottomBallot,
  accepted: bottomBallot,
  log: [],
  decided: 0,
  batches: [],
});

function apply(disk: Disk, operations: Batch): void {
  disk.batches.push(operations);
  for (const operation of operations) {
    switch (operation.type) {
      case "table":
        disk.table = operation.table;
        break;
      case "promised":
        disk.promised = operation.ballot;
        break;
      case "accepted":
        disk.accepted = operation.ballot;
        break;
      case "truncate":
        if (operation.length < disk.decided) throw new Error("the write-ahead log truncates decided entries");
        if (operation.length < disk.log.length) disk.log.length = operation.length;
        break;
      case "append":
        if (operation.index !== disk.log.length)
          throw new Error(`an append at ${operation.index} to a log of ${disk.log.length} entries`);
        for (const command of operation.commands) disk.log.push(command);
        break;
      case "decided":
        if (operation.length > disk.log.length) throw new Error("the decided length is beyond the log");
        disk.decided = Math.max(disk.decided, operation.length);
        break;
    }
  }
}

const tornSalt = 0x5eed;
const tornSlack = 4096;

/** Writes the batch into an otherwise empty log, up to where the power went, and reads that log as a start does. */
function recoverTorn(disk: Disk, batch: Batch, share: number): void {
  const bytes = encodeBatch(1, encodeOperations(batch), tornSalt);
  const segment = Buffer.alloc(segmentHeaderBytes + bytes.length + tornSlack);
  segmentHeader(1, tornSalt).copy(segment, 0);
  bytes.copy(segment, segmentHeaderBytes, 0, Math.floor(bytes.length * share));
  const scan = scanLog([{ number: 1, bytes: segment }], tornSalt);
  if (!scan.ok) throw new Error(scan.error);
  for (const payload of scan.payloads) apply(disk, decodeOperations(payload));
}

/** Batches that are written out behind a damaged one: what comes after them is as good as they are. */
const writtenOut = 64;

/**
 * Writes the log out from the first damaged batch on, turns the bits over and reads it as a start does. What stands before is read as it was
 * written, and so is what stands behind when everything up to there was believed.
 */
function recoverDamaged(disk: Disk, damage: readonly DiskDamage[]): void {
  const first = Math.min(...damage.map(({ batch }) => batch));
  const behind = disk.batches.slice(first + writtenOut);
  const encoded = disk.batches
    .slice(first, first + writtenOut)
    .map((batch, at) => encodeBatch(at + 1, encodeOperations(batch), tornSalt));
  for (const { batch, at, bits } of damage) {
    const bytes = encoded[batch - first];
    if (bytes === undefined) throw new Error("damage far behind other damage");
    const from = Math.floor(at * bytes.length * 8);
    for (let bit = from; bit < Math.min(from + bits, bytes.length * 8); bit += 1)
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  }
  const bytes = Buffer.concat([segmentHeader(1, tornSalt), ...encoded, Buffer.alloc(tornSlack)]);
  const scan = scanLog([{ number: 1, bytes }], tornSalt);
  if (!scan.ok) throw new Error(first === 0 ? scan.error : `${scan.error} (counted from batch ${first + 1} on)`);
  const whole = scan.payloads.length === encoded.length;
  const believed = [
    ...disk.batches.slice(0, first),
    ...scan.payloads.map((payload) => decodeOperations(payload)),
    ...(whole ? behind : []),
  ];
  Object.assign(disk, emptyDisk());
  for (const batch of believed) apply(disk, batch);
}

class SimulableNode implements DeterministicNode {
  readonly #options: DeterministicNodeOptions;
  readonly #engine: Engine;
  readonly identity: string;
  #table: PartitionTable | null;
  #turnEnd: (() => void) | null = null;
  #busy = false;
  #output: {
    sends: NodeOutput["sends"][number][];
    write: NodeOutput["write"];
    answers: NodeOutput["answers"][number][];
  };

  constructor(options: DeterministicNodeOptions, disk: Disk) {
    this.#options = options;
    this.#output = { sends: [], write: null, answers: [] };
    const { replication, clusterId, identity, incarnation } = options;
    const nodes = options.nodes.map((_, index) => nodeId(index + 1));
    const node = nodeId(options.node);
    this.identity = identity;
    this.#table = disk.table;
    const core = createCore({ node, nodes, replication, clusterId, identity, incarnation, timing, limits });
    this.#engine = new Engine(core, {
      send: (to, messages) => this.#output.sends.push({ to, messages }),
      answer: (answers) => this.#output.answers.push(...answers),
      logBusy: () => this.#busy,
      commit: (number, batch: Batch) => {
        this.#busy = true;
        this.#output.write = { number, batch };
      },
      inspect: (operation) => {
        if (operation.type === "table") this.#table = operation.table;
        return true;
      },
      atEndOfTurn: (work) => {
        this.#turnEnd = work;
      },
    });
    const { table, promised, accepted, log, decided } = disk;
    this.#engine.push({ type: "restored", state: { table, promised, accepted, log: [...log], decided } });
  }

  turn(inputs: readonly NodeInput[]): NodeOutput {
    for (const input of inputs) this.#take(input);
    this.#output = { sends: [], write: null, answers: [] };
    const end = this.#turnEnd;
    this.#turnEnd = null;
    end?.();
    return this.#output;
  }

  #take(input: NodeInput): void {
    const engine = this.#engine;
    switch (input.type) {
      case "messages":
        engine.messages(nodeId(input.from), input.messages as readonly PeerMessage[]);
        return;
      case "request":
        engine.request(input.connection, input.request as ClientRequest);
        return;
      case "tick":
        engine.push(input);
        return;
      case "persisted":
        this.#busy = false;
        engine.persisted(input.write);
        return;
      case "link": {
        const { peer, direction } = input;
        engine.push({ type: input.up ? "link-up" : "link-down", peer: nodeId(peer), direction });
      }
    }
  }

  status(): NodeStatus {
    const core = this.#engine.core.status();
    const name = (id: number): NodeName => this.#options.nodes[id - 1] ?? ("none" as NodeName);
    const group = groupStatus(core, nodeId(this.#options.node), this.#engine.durablePromise, name);
    const extra = {
      log_length: core.logLength,
      state_hash: core.stateHash,
      sessions: core.sessions,
      keys: core.keys,
    };
    return {
      node: name(this.#options.node),
      ready: core.ready,
      incarnation: this.#options.incarnation,
      groups: group === null ? [] : [group],
      suspected: core.suspected.map(name),
      extra,
    };
  }

  decisions(from: number): readonly Decision[] {
    const { core } = this.#engine;
    const { group } = core.status();
    if (group === null) return [];
    return core.decisions(from).map(({ index, hash, command }) => ({ group, index, hash, command: told(command) }));
  }

  inspect(): NodeInspection | null {
    const status = this.#engine.core.status();
    const { group, decided, logHash, stateHash } = status;
    if (group === null) return null;
    const leads = status.role === "leader" && status.phase === "accept";
    return { group, ballot: numbersOf(status.ballot), leads, decided, logHash, stateHash };
  }

  /** As a Hello is judged, of which the network decides the rest. */
  refusesPeer(peer: number, identity: string): boolean {
    const { nodes, clusterId: cluster, incarnation } = this.#options;
    const node = nodeId(peer);
    const configuration = "";
    const judgement = judgeHello(
      { cluster, configuration, node, identity, incarnation, connection: 1 },
      {
        cluster,
        configuration,
        self: nodeId(this.#options.node),
        nodes: nodes.map((_, index) => nodeId(index + 1)),
        identity: this.#table?.identities.get(node) ?? null,
        greatest: null,
      },
    );
    return !judgement.accepted;
  }

  traceState(): TracedState | null {
    const { group, role, phase, ballot, logLength, decided, leader } = this.#engine.core.status();
    if (group === null) return null;
    const name = leader === null ? null : (this.#options.nodes[leader - 1] ?? null);
    return { group, role, phase, promised: ballotText(ballot), length: logLength, decided, leader: name };
  }
}

const numbersOf = ({ number, priority, node }: Ballot): readonly number[] => [number, priority, node];

function claimOf(message: PeerMessage): MessageClaim | null {
  switch (message.type) {
    case "Promise":
    case "Prepare":
      return {
        type: "promised",
        ballot: numbersOf(message.ballot),
        length: 0,
        log: { accepted: numbersOf(message.accepted), length: message.length },
      };
    case "Accepted":
      return { type: "accepted", ballot: numbersOf(message.ballot), length: message.length };
    default:
      return null;
  }
}

/** What the entry `simulation.js` of a build exports. */
export const deterministicSystem: DeterministicSystem = {
  tickMs,
  electionTimeoutMs,
  emptyDisk,
  applyBatch: (disk, batch) => apply(disk as Disk, batch as Batch),
  recoverTorn: (disk, batch, share) => recoverTorn(disk as Disk, batch as Batch, share),
  batchesOn: (disk) => (disk as Disk).batches.length,
  recoverDamaged: (disk, damage) => recoverDamaged(disk as Disk, damage),
  survivesLostDisks: true,
  createNode: (options, disk) => new SimulableNode(options, disk as Disk),
  createClient: () => {
    const core = new ClientCore();
    return {
      handle: (event, nowMs) =>
        core.handle(
          event.type === "response" ? { type: "response", response: event.response as ClientResponse } : event,
          nowMs,
        ),
    };
  },
  repeatableRequest: (request) => {
    const { type, id } = request as ClientRequest;
    return type === "operation" ? String(id) : null;
  },
  repeatedAnswer: (response) => {
    const { type, id } = response as ClientResponse;
    return type === "result" || type === "refused" ? String(id) : null;
  },
  inspectDisk: (disk) => {
    const { promised, accepted, log } = disk as Disk;
    return { promised: numbersOf(promised), accepted: numbersOf(accepted), length: log.length };
  },
  claimOf: (message) => claimOf(message as PeerMessage),
  messageNames: ["Prepare", "Promise", "AcceptSync", "PrepareReq", "NotAccepted", "Accept", "Accepted", "Decide"],
  nameOf: (message) => (message as PeerMessage).type,
  // As on a connection of its own, so that each text can be read by itself.
  encode: (messages) =>
    new MessageEncoder()
      .encode(messages as readonly PeerMessage[])
      .subarray(frameHeaderBytes)
      .toString("base64"),
  decode: (text) => new MessageDecoder().decode(Buffer.from(text, "base64")),
  tell: teller,
};
