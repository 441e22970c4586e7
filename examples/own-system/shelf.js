// Shelf under test: what Minos must know of it. `npx minos run --system ./examples/own-system/shelf.js --nodes 3 --replication 3`
import { request } from "node:http";
import { fileURLToPath } from "node:url";

/** One client of one node: an operation at a time, and the truth about what became of it. */
class ShelfClient {
  #address;
  #asked = null;

  constructor(address) {
    this.#address = address;
  }

  invoke({ function: name, key, input, timeoutMs }, hooks) {
    return new Promise((resolve) => {
      let sent = false;
      const end = (outcome, output, error) => {
        clearTimeout(timer);
        resolve({ outcome, output, error, attempts: 1, systemIndex: null });
      };
      // A read that was not answered changed nothing. A write that was sent may have happened.
      const failed = (error) => end(name === "get" || !sent ? "fail" : "info", null, error);
      const timer = setTimeout(() => this.close(), timeoutMs);
      const asked = request({ ...this.#address, path: "/", method: "POST", agent: false }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
        answer.on("error", (error) => failed(error.message));
        answer.on("end", () => {
          if (answer.statusCode === 503) return end("fail", null, text);
          if (answer.statusCode !== 200) return failed(text);
          hooks.returned();
          end("ok", JSON.parse(text), null);
        });
      });
      this.#asked = asked;
      asked.on("error", (error) => failed(error.message));
      asked.on("socket", (socket) =>
        socket.once("connect", () => {
          sent = true;
          hooks.called();
          asked.end(JSON.stringify({ function: name, key, input }));
        }),
      );
    });
  }

  close() {
    this.#asked?.destroy(new Error("closed"));
  }
}

async function statusOf(admin, signal) {
  const answer = await fetch(`http://${admin.host}:${admin.port}/`, { signal });
  const { node, incarnation, nodes, primary, changes } = await answer.json();
  const group = {
    group: 0,
    members: nodes,
    leader: primary,
    ballot: "1",
    phase: "",
    decidedIndex: changes,
    logHash: "",
  };
  return { node, ready: true, incarnation, groups: [group], suspected: [] };
}

export function shelf(reads) {
  return {
    name: "shelf",
    version: "1",
    buildHash: null,
    model: "cas-register",
    initialValue: null,
    functions: ["get", "put", "cas"],
    peerAddressing: "per-observer",
    ports: { client: 7001, peer: 7002, admin: 7003 },
    stopSignal: "SIGTERM",
    timing: { electionTimeoutMs: 500, bootTimeoutMs: 10_000 },
    crashPatterns: [/Error:/],
    filesToCollect: ["changes.jsonl"],
    wipedNodeMayRejoin: false,
    refuses: (nodes, replication) => (nodes === replication ? null : "all nodes of a shelf are one group"),
    launch: (context) => ({
      program: { kind: "node", directory: fileURLToPath(new URL("shelf", import.meta.url)), entry: "server.js" },
      args: [JSON.stringify({ ...context, peers: Object.fromEntries(context.peers), reads })],
      environment: {},
      files: [],
    }),
    status: statusOf,
    groupOfKey: () => 0,
    connect: async (address) => new ShelfClient(address),
  };
}

export default shelf("local");
