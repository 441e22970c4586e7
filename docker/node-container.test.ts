// Shows how a node's ends are told apart, on a stand-in for the engine whose events come as late as the test likes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nodeName, type ClusterEvent } from "../cluster/index.js";
import { NodeContainer } from "./node-container.js";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "minos-node-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** One container; `exitCode` is what the next kill or a crash leaves. */
class Engine {
  readonly calls: string[] = [];
  #running = false;
  #starts = 0;
  outOfMemory = false;
  exitCode = 137;
  readonly pauseRefusals: string[] = [];

  end(): void {
    this.#running = false;
  }

  readonly docker = {
    createContainer: () => Promise.resolve(this.container),
    modem: { demuxStream: () => undefined },
  } as unknown as Docker;

  readonly container = {
    id: "c0ffee",
    putArchive: () => Promise.resolve(),
    attach: () => {
      const output = new PassThrough();
      setTimeout(() => output.destroy(), 5);
      return Promise.resolve(output);
    },
    start: () => {
      this.calls.push("start");
      this.#running = true;
      this.#starts++;
      return Promise.resolve();
    },
    pause: () => {
      this.calls.push("pause");
      const refusal = this.pauseRefusals.shift();
      return refusal === undefined ? Promise.resolve() : Promise.reject(new Error(refusal));
    },
    kill: ({ signal }: { signal: string }) => {
      if (!this.#running) return Promise.reject(Object.assign(new Error("is not running"), { statusCode: 409 }));
      this.calls.push(signal);
      this.#running = false;
      return Promise.resolve();
    },
    inspect: () =>
      Promise.resolve({
        Id: "c0ffee",
        State: {
          Status: this.#running ? "running" : this.#starts === 0 ? "created" : "exited",
          Running: this.#running,
          Paused: false,
          Pid: 0,
          ExitCode: this.#running ? 0 : this.exitCode,
          StartedAt: `start ${this.#starts}`,
          OOMKilled: this.outOfMemory,
        },
      }),
  } as unknown as Docker.Container;
}

async function makeNode(engine: Engine): Promise<{ node: NodeContainer; events: ClusterEvent[] }> {
  const events: ClusterEvent[] = [];
  const node = new NodeContainer({
    docker: engine.docker,
    node: nodeName("n1"),
    launch: { program: { kind: "node", directory, entry: "x.js" }, args: [], environment: {}, files: [] },
    create: () => ({}),
    logPath: join(directory, "log.txt"),
    crashPatterns: [],
    stopSignal: "SIGTERM",
    memoryMb: 64,
    cpus: 1,
    clock: null,
    emit: (event) => events.push(event),
  });
  await node.create("image");
  await node.start();
  return { node, events };
}

const died = (exitCode: number) => ({ action: "die", containerId: "c0ffee", node: "n1", role: "node", exitCode });
const exits = (events: readonly ClusterEvent[]) => events.filter((event) => event.type === "exited");

test("a start waits until the end before it was told, so that a late event is not taken for a crash of the new life", async () => {
  const engine = new Engine();
  const { node, events } = await makeNode(engine);
  await node.kill();
  const starting = node.start();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(engine.calls).toEqual(["start", "SIGKILL"]);
  await node.take(died(137));
  await starting;
  expect(engine.calls).toEqual(["start", "SIGKILL", "start"]);
  expect(exits(events)).toMatchObject([{ signal: "SIGKILL", code: null, expected: true }]);
});

test("a lost event holds a start up for two seconds, not for ever", async () => {
  const engine = new Engine();
  const { node } = await makeNode(engine);
  await node.kill();
  const began = performance.now();
  await node.start();
  expect(performance.now() - began).toBeGreaterThan(1_900);
  expect(engine.calls).toEqual(["start", "SIGKILL", "start"]);
});

test("an end is expected only when it was asked for and looks like it", async () => {
  for (const [asked, code, expected] of [
    ["kill", 137, true],
    // It crashed before the kill arrived.
    ["kill", 3, false],
    ["terminate", 0, true],
    ["terminate", 143, true],
    ["nobody", 0, false],
    ["nobody", 137, false],
  ] as const) {
    const engine = new Engine();
    const { node, events } = await makeNode(engine);
    if (asked === "kill") await node.kill();
    if (asked === "terminate") await node.terminate();
    engine.end();
    await node.take(died(code));
    expect([asked, code, exits(events)[0]?.expected]).toEqual([asked, code, expected]);
    node.close();
  }
});

test("a kill that found nothing to kill was nobody's wish", async () => {
  const engine = new Engine();
  const { node, events } = await makeNode(engine);
  engine.end();
  await expect(node.kill()).rejects.toThrow("Docker could not send SIGKILL to n1: is not running");
  await node.take(died(137));
  expect(exits(events)).toMatchObject([{ expected: false }]);
});

test("an end for want of memory says so at the end of the log", async () => {
  const engine = new Engine();
  engine.outOfMemory = true;
  const { node, events } = await makeNode(engine);
  engine.end();
  await node.take(died(137));
  expect(exits(events)).toMatchObject([
    { expected: false, logTail: ["minos: the kernel ended a process of n1: out of memory (limit 64 MB)"] },
  ]);
});

test("events of another container, and those after the cluster's own end, are not told", async () => {
  const engine = new Engine();
  const { node, events } = await makeNode(engine);
  await node.take({ ...died(1), containerId: "another" });
  node.expectEnd();
  await node.take(died(137));
  expect(exits(events)).toEqual([]);
});

test("a pause that the kernel could not do is asked for again, any other refusal is told", async () => {
  const engine = new Engine();
  const { node } = await makeNode(engine);
  engine.pauseRefusals.push(...Array(3).fill("OCI runtime pause failed: unable to freeze: unknown"));
  await node.pause();
  expect(engine.calls).toEqual(["start", "pause", "pause", "pause", "pause"]);
  engine.pauseRefusals.push("is not running");
  await expect(node.pause()).rejects.toThrow("Docker could not pause n1: is not running");
  engine.pauseRefusals.push(...Array(9).fill("unable to freeze"));
  await expect(node.pause()).rejects.toThrow("unable to freeze");
  expect(engine.pauseRefusals).toHaveLength(4);
});
