// A toy, to be replaced by your own system: registers at the first node; the others pass every operation on to it. HTTP with JSON everywhere.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";

const { node, nodes, listen, peers, dataDirectory } = JSON.parse(process.argv[2]);
const home = nodes[0];
mkdirSync(dataDirectory, { recursive: true });

/** Survives kills: written beside and renamed before anything is answered. */
function durable(name, initial) {
  const path = join(dataDirectory, name);
  let value = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : initial;
  const set = (next) => {
    writeFileSync(`${path}.new`, JSON.stringify(next));
    renameSync(`${path}.new`, path);
    value = next;
  };
  return { get: () => value, set };
}
const values = durable("values.json", {});
const starts = durable("starts.json", 0);
starts.set(starts.get() + 1);

function perform({ function: name, key: given, input }) {
  const key = JSON.stringify(given);
  const observed = values.get()[key] ?? null;
  const write = (value) => values.set({ ...values.get(), [key]: value });
  if (name === "get") return observed;
  if (name === "put") {
    write(input);
    return null;
  }
  if (observed === null) return { status: "not-found", observed };
  if (JSON.stringify(observed) !== JSON.stringify(input.expected)) return { status: "mismatch", observed };
  write(input.new);
  return { status: "ok", observed };
}

/** Resolves to { code, text }; code 0: nobody was there, so nothing was asked. */
function post(address, path, text) {
  return new Promise((resolve) => {
    const asked = request({ ...address, path, method: "POST", timeout: 400, agent: false }, (answer) => {
      let said = "";
      answer.setEncoding("utf8").on("data", (chunk) => (said += chunk));
      answer.on("end", () => resolve({ code: answer.statusCode, text: said }));
      answer.on("error", () => resolve({ code: 504, text: "" }));
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", (error) => resolve({ code: error.code === "ECONNREFUSED" ? 0 : 504, text: "" }));
    asked.end(text);
  });
}

function serve({ host, port }, answerTo) {
  createServer((asked, answer) => {
    let text = "";
    asked.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    const reply = async () => {
      const { code, text: said } = await answerTo(asked.url, text);
      answer.writeHead(code).end(said);
    };
    asked.on("end", () => void reply());
  }).listen(port, host);
}
const ok = (value) => ({ code: 200, text: JSON.stringify(value) });

serve(listen.peer, (path, text) => ok(path === "/hello" ? null : perform(JSON.parse(text))));
serve(listen.client, async (_, text) => {
  if (node === home) return ok(perform(JSON.parse(text)));
  const answer = await post(peers[home], "/operation", text);
  return answer.code === 0 ? { code: 503, text: "the first node is away" } : answer;
});
serve(listen.admin, () => ok({ node, nodes, home, starts: starts.get() }));

// Peers say all the time that they are there: a link that carries nothing shows no fault.
async function greet(peer) {
  for (;;) {
    await post(peer, "/hello", "");
    await new Promise((wake) => setTimeout(wake, 50));
  }
}
for (const peer of Object.values(peers)) void greet(peer);
process.on("SIGTERM", () => process.exit(0));
