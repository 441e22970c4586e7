// minos kv get|put|cas: one operation against a running cluster.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { exitCodes, parseDuration, UsageError, type RunAddresses } from "../../campaign/index.js";
import type { Address } from "../../cluster/index.js";
import type { JsonValue } from "../../history/index.js";
import { describeKvReply, runKv, shippedBuild, type KvCommand } from "../../system/index.js";
import type { Session } from "../cli.js";
import { createTerminal } from "../terminal.js";

interface KvWords {
  readonly address?: string;
  readonly run: string;
  readonly node?: string;
  readonly timeout: string;
  readonly json?: boolean;
}

export function registerKv(program: Command, session: Session): void {
  const kv = program
    .command("kv")
    .description("get, put or cas against a running cluster (a run under way, or any node's address)");
  const add = (words: string, description: string, read: (parts: readonly string[]) => KvCommand): void => {
    const command = kv.command(words).description(description);
    command
      .option("--address <host:port>", "a node's client address")
      .option("--run <folder>", "a run under way", join("store", "latest"))
      .option("--node <name>", "which node of that run to ask (default: the first)")
      .option("--timeout <duration>", "how long to wait for the answer", "5s")
      .option("--json", "print one JSON document on standard output")
      .action(async (...given: unknown[]) => {
        const parts = given.slice(0, command.registeredArguments.length).map(String);
        session.exitCode = await perform(read(parts), command.opts<KvWords>());
      });
  };
  add("get <key>", "read a key", ([key = ""]) => ({ function: "get", key }));
  add("put <key> <value>", "write a value (JSON, or plain text)", ([key = "", value = ""]) => ({
    function: "put",
    key,
    value: parseValue(value),
  }));
  add("cas <key> <expected> <new>", "write new if the value is expected", ([key = "", expected = "", next = ""]) => ({
    function: "cas",
    key,
    expected: parseValue(expected),
    new: parseValue(next),
  }));
}

/** `7` is a number, `null` nothing, `"7"` and anything that is no JSON scalar a text. */
function parseValue(text: string): JsonValue {
  try {
    const value = JSON.parse(text) as JsonValue;
    return typeof value === "object" && value !== null ? text : value;
  } catch {
    return text;
  }
}

async function perform(command: KvCommand, words: KvWords): Promise<Session["exitCode"]> {
  const terminal = createTerminal(words.json === true);
  const address = addressFrom(words);
  const reply = await runKv(await shippedBuild(), address, command, parseDuration(words.timeout, "--timeout"));
  terminal.out(describeKvReply(command, reply));
  terminal.document({ ...command, address, ...reply });
  if (reply.outcome === "ok") return exitCodes.valid;
  return reply.outcome === "fail" ? exitCodes.violation : exitCodes.unknown;
}

function addressFrom(words: KvWords): Address {
  if (words.address !== undefined) {
    const match = /^(.+):(\d+)$/.exec(words.address);
    if (match?.[1] === undefined) throw new UsageError(`--address: "${words.address}" is no host:port`);
    return { host: match[1], port: Number(match[2]) };
  }
  const file = join(words.run, "addresses.json");
  let addresses: RunAddresses;
  try {
    addresses = JSON.parse(readFileSync(file, "utf8")) as RunAddresses;
  } catch {
    throw new UsageError(
      `no running cluster is known: ${file} cannot be read`,
      "give --address host:port, or start `minos run`",
    );
  }
  const name = words.node ?? Object.keys(addresses.client)[0] ?? "";
  const address = addresses.client[name];
  if (address === undefined) {
    throw new UsageError(
      `--node: that run has no node "${name}"`,
      `there are ${Object.keys(addresses.client).join(", ")}`,
    );
  }
  return address;
}
