// A key-value store with one primary, n1, and backups: the smallest system of one's own that `minos hunt --system` can take. Only the primary
// writes, and it tells the backups afterwards. It has a bug: a backup answers reads, too, from what it has heard so far.
import { simulatedSystem } from "minos-suite/simulation";

class Node {
  constructor({ node, nodes, incarnation }, disk) {
    Object.assign(this, { self: node, nodes, incarnation, values: { ...disk }, changed: {}, waiting: [], writes: 0 });
  }

  // All that arrived since the last turn goes in; messages, at most one write, and answers come out.
  turn(inputs) {
    const output = { sends: [], write: null, answers: [] };
    for (const input of inputs) {
      if (input.type === "messages") for (const values of input.messages) this.store(values);
      else if (input.type === "request") this.request(input, output);
      else if (input.type === "persisted") {
        // A write is answered once it is on the disk, and the backups hear of it.
        output.answers.push(...this.waiting.splice(0).filter(({ write }) => write <= input.write));
        this.writing = false;
      }
    }
    if (!this.writing && Object.keys(this.changed).length > 0) {
      this.writing = true;
      output.write = { number: (this.writes += 1), batch: this.changed };
      if (this.self === 1)
        output.sends.push(...this.nodes.slice(1).map((_, at) => ({ to: at + 2, messages: [this.changed] })));
      this.changed = {};
    }
    return output;
  }

  store(values) {
    Object.assign(this.values, values);
    Object.assign(this.changed, values);
  }

  request({ connection, request: { id, function: name, key, input } }, output) {
    const observed = this.values[key] ?? null;
    const answer = (result) => ({ connection, response: { id, ...result }, write: this.writes + 1 });
    if (name === "get") output.answers.push(answer({ output: observed }));
    else if (this.self !== 1) output.answers.push(answer({ refused: "n1 is the primary" }));
    else if (name === "cas" && observed !== input.expected)
      output.answers.push(answer({ output: { status: observed === null ? "not-found" : "mismatch", observed } }));
    else {
      this.store({ [key]: name === "put" ? input : input.new });
      this.waiting.push(answer({ output: name === "put" ? null : { status: "ok", observed } }));
    }
  }

  status() {
    const group = {
      group: 0,
      members: this.nodes,
      leader: this.nodes[0],
      ballot: "1",
      phase: "",
      decidedIndex: 0,
      logHash: "",
    };
    const { incarnation } = this;
    return { node: this.nodes[this.self - 1], ready: true, incarnation, groups: [group], suspected: [] };
  }

  decisions = () => [];
  inspect = () => null;
}

// One operation at a time: connect, ask, wait for the answer or the end of the time. What was never sent has failed; else nobody knows.
class Client {
  ids = 0;

  handle(event, nowMs) {
    if (event.type === "invoke") {
      this.asked = { id: (this.ids += 1), ...event.invocation };
      this.sent = false;
      return [{ type: "wake", atMs: nowMs + event.timeoutMs }, this.connected ? this.send() : { type: "connect" }];
    }
    if (event.type === "connected") this.connected = true;
    if (event.type === "disconnected") this.connected = false;
    if (!this.asked) return [];
    if (event.type === "connected") return [this.send()];
    if (event.type === "timer" || event.type === "disconnected")
      return this.complete(this.sent ? "info" : "fail", null, event.error ?? "time-out");
    if (event.type !== "response" || event.response.id !== this.asked.id) return [];
    const { refused = null, output = null } = event.response;
    return this.complete(refused === null ? "ok" : "fail", output, refused);
  }

  send() {
    this.sent = true;
    return { type: "send", request: this.asked, call: true };
  }

  complete(outcome, output, error) {
    this.asked = null;
    return [{ type: "complete", reply: { outcome, output, error, attempts: 1, systemIndex: null } }];
  }
}

export default simulatedSystem({
  name: "primary-backup",
  model: "cas-register",
  initialValue: null,
  functions: ["get", "put", "cas"],
  refuses: (nodes, replication) => (nodes === replication ? null : "there is one group only"),
  deterministic: {
    tickMs: 50,
    electionTimeoutMs: 500,
    emptyDisk: () => ({}),
    applyBatch: (disk, batch) => Object.assign(disk, batch),
    // Its batches are atomic: of a torn one nothing counts.
    recoverTorn: () => undefined,
    createNode: (options, disk) => new Node(options, disk),
    createClient: () => new Client(),
  },
});
