// A tiny system for the tests: registers at the first node, reached through any node. It is correct while nothing breaks and
// makes no promise beyond that; it is here to show that the suite runs systems it has never heard of.
// Every line on every port is one JSON value. Peers ping each other all the time, so every link always carries bytes.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";

const { node, nodes, listen, peers, dataDirectory } = JSON.parse(process.argv[2] ?? "{}");
const home = nodes[0];
mkdirSync(dataDirectory, { recursive: true });

function durable(name, initial) {
  const path = join(dataDirectory, name);
  let value = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : initial;
  return {
    get: () => value,
    set(next) {
      value = next;
      writeFileSync(`${path}.new`, JSON.stringify(next));
      renameSync(`${path}.new`, path);
    },
  };
}

const registers = durable("registers.json", {});
const incarnation = durable("incarnation.json", 0);
incarnation.set(incarnation.get() + 1);

function apply({ function: name, key, input }) {
  const values = registers.get();
  const slot = JSON.stringify(key);
  const observed = values[slot] ?? null;
  if (name === "get") return { output: observed };
  if (name === "put") {
    registers.set({ ...values, [slot]: input });
    return { output: null };
  }
  if (name !== "cas") return { error: `no function "${name}"` };
  if (observed === null) return { output: { status: "not-found", observed } };
  if (JSON.stringify(observed) !== JSON.stringify(input.expected)) return { output: { status: "mismatch", observed } };
  registers.set({ ...values, [slot]: input.new });
  return { output: { status: "ok", observed } };
}

/** Calls `take(message)` for each line; anything that goes wrong ends the connection. */
function lines(socket, take) {
  let rest = "";
  socket.setNoDelay(true);
  socket.setEncoding("utf8");
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop();
    for (const part of parts) take(JSON.parse(part));
  });
}
const write = (socket, message) => socket.write(`${JSON.stringify(message)}\n`);

// Peers: each dials each. `heard` counts lines received from a peer over either connection.
const heard = Object.fromEntries(nodes.filter((name) => name !== node).map((name) => [name, 0]));
const waiting = new Map();
const links = new Map();
let lastNumber = 0;

createServer((socket) =>
  lines(socket, (message) => {
    heard[message.from] += 1;
    if (message.type === "ping") write(socket, { type: "pong", from: node });
    else write(socket, { type: "reply", from: node, number: message.number, ...apply(message.request) });
  }),
).listen(listen.peer.port, listen.peer.host);

function dial(peer) {
  const socket = connect(peers[peer].port, peers[peer].host);
  links.set(peer, socket);
  lines(socket, (message) => {
    heard[message.from] += 1;
    if (message.type === "reply") waiting.get(message.number)?.(message);
  });
  const timer = setInterval(() => socket.writableLength < 65_536 && write(socket, { type: "ping", from: node }), 20);
  socket.on("end", () => socket.destroy());
  socket.on("close", () => {
    clearInterval(timer);
    setTimeout(() => dial(peer), 50);
  });
}
for (const peer of Object.keys(heard)) dial(peer);

// Clients: {number, function, key, input} → {number, output} | {number, error}.
createServer((socket) =>
  lines(socket, (request) => {
    if (node === home) return write(socket, { number: request.number, ...apply(request) });
    const number = ++lastNumber;
    const link = links.get(home);
    const answer = ({ output, error }) => {
      waiting.delete(number);
      link.off("close", lost);
      write(socket, { number: request.number, output, error });
    };
    const lost = () => answer({ error: "the link was lost" });
    link.once("close", lost);
    waiting.set(number, answer);
    return write(link, { type: "request", from: node, number, request });
  }),
).listen(listen.client.port, listen.client.host);

const admin = createHttpServer((request, response) => {
  if (request.url === "/crash") {
    console.error("tiny: panic: asked to crash");
    process.exit(3);
  }
  const groups = [{ group: 0, members: nodes, leader: home, ballot: "0", phase: "", decidedIndex: 0, logHash: "" }];
  const clock = { wallMs: Date.now(), monotonicMs: Number(process.hrtime.bigint()) / 1e6 };
  const status = { clock, node, ready: true, incarnation: incarnation.get(), groups, suspected: [], extra: { heard } };
  response.setHeader("connection", "close").end(JSON.stringify(status));
});
admin.listen(listen.admin.port, listen.admin.host, () => console.log(`tiny: ${node} serves`));
process.on("SIGTERM", () => process.exit(0));
