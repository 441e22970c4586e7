// Shelf: a key-value server as one finds it in many places. The first node is the primary: it writes each change to its disk before it
// answers, and sends it to the others. They pass writes on to it, and answer reads from what they have. HTTP everywhere.
// It has a bug. READS=primary mends it.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";

const { node, nodes, listen, peers, dataDirectory, reads } = JSON.parse(process.argv[2]);
const primary = nodes[0];
const isPrimary = node === primary;
mkdirSync(dataDirectory, { recursive: true });
const path = join(dataDirectory, "changes.jsonl");

const values = new Map();
const changes = [];
function take(change) {
  changes.push(change);
  values.set(change.key, change.value);
}
if (isPrimary && existsSync(path)) {
  // A last line without its end was never answered for.
  for (const line of readFileSync(path, "utf8").split("\n").slice(0, -1)) take(JSON.parse(line));
}
const file = isPrimary ? openSync(path, "a") : null;

function write(key, value) {
  writeSync(file, `${JSON.stringify({ key, value })}\n`);
  fsyncSync(file);
  take({ key, value });
}

function perform({ function: name, key: given, input }) {
  const key = JSON.stringify(given);
  const observed = values.get(key) ?? null;
  if (name === "get") return observed;
  if (name === "put") {
    write(key, input);
    return null;
  }
  if (observed === null) return { status: "not-found", observed };
  if (JSON.stringify(observed) !== JSON.stringify(input.expected)) return { status: "mismatch", observed };
  write(key, input.new);
  return { status: "ok", observed };
}

/** Resolves to { code, body }; code 0: nobody was there, so nothing was asked. */
function post(address, url, body) {
  return new Promise((resolve) => {
    const asked = request({ ...address, path: url, method: "POST", timeout: 400, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      answer.on("end", () => resolve({ code: answer.statusCode, body: text }));
      answer.on("error", () => resolve({ code: 504, body: "" }));
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", (error) => resolve({ code: error.code === "ECONNREFUSED" ? 0 : 504, body: "" }));
    asked.end(JSON.stringify(body));
  });
}

function serve({ host, port }, answerTo) {
  createServer((asked, answer) => {
    let text = "";
    asked.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    const say = (code, body) => answer.writeHead(code).end(JSON.stringify(body));
    const asking = async () => say(...(await answerTo(asked.url, text === "" ? null : JSON.parse(text))));
    asked.on("end", () => void asking().catch(() => say(400, "not understood")));
  }).listen(port, host);
}

// The primary tells every other node what it has not got yet, and that it is there.
async function tell(address) {
  for (let has = 0; ;) {
    const { code, body } = await post(address, "/changes", { from: has, changes: changes.slice(has, has + 1000) });
    if (code === 200) has = JSON.parse(body);
    if (code !== 200 || has >= changes.length) await new Promise((wake) => setTimeout(wake, 50));
  }
}
/** The others only say that they are there. */
async function greet(address) {
  for (;;) {
    await post(address, "/hello", node);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}
for (const address of Object.values(peers)) void (isPrimary ? tell(address) : greet(address));

let heardMs = 0;
serve(listen.peer, async (url, body) => {
  if (url === "/operation") return [200, perform(body)];
  if (url === "/hello") return [200, null];
  heardMs = Date.now();
  if (body.from === changes.length) for (const change of body.changes) take(change);
  return [200, changes.length];
});

serve(listen.client, async (_, operation) => {
  if (isPrimary) return [200, perform(operation)];
  if (operation.function === "get" && reads !== "primary")
    return [200, values.get(JSON.stringify(operation.key)) ?? null];
  if (Date.now() - heardMs > 300) return [503, "the primary is away"];
  const { code, body } = await post(peers[primary], "/operation", operation);
  return code === 200 ? [200, JSON.parse(body)] : [code === 0 ? 503 : 504, "the primary did not answer"];
});

const incarnation = existsSync(join(dataDirectory, "starts"))
  ? readFileSync(join(dataDirectory, "starts")).length + 1
  : 1;
const starts = openSync(join(dataDirectory, "starts"), "a");
writeSync(starts, "x");
closeSync(starts);
serve(listen.admin, async () => [200, { node, incarnation, nodes, primary, changes: changes.length }]);
console.log(`${node} serves, ${isPrimary ? "as primary" : `primary is ${primary}`}`);
process.on("SIGTERM", () => process.exit(0));
