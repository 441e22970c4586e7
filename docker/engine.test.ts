// Shows what a user reads when no engine answers, without one: sockets that do not exist, refuse, or never say a word.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ClusterError, nodeNames, type SystemUnderTest } from "../cluster/index.js";
import { tinySystem } from "../test/tiny-system/description.js";
import { ask, EngineError, remoteHost } from "./engine.js";
import { cleanDocker, createDockerCluster, probeDocker } from "./index.js";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "minos-engine-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

function cluster(engine?: Docker, system: SystemUnderTest = tinySystem()) {
  const options = { system, nodes: nodeNames(3), replication: 3, runId: "no-engine", directory };
  return createDockerCluster(engine === undefined ? options : { ...options, engine });
}

async function bootError(engine?: Docker, system?: SystemUnderTest): Promise<ClusterError> {
  const error: unknown = await cluster(engine, system)
    .boot(AbortSignal.timeout(30_000))
    .catch((reason: unknown) => reason);
  if (!(error instanceof ClusterError)) throw new Error(`no ClusterError but ${String(error)}`);
  return error;
}

test("where DOCKER_HOST leads nowhere, the error names it, the reason and what to do", async () => {
  vi.stubEnv("DOCKER_HOST", `unix://${directory}/nowhere.sock`);
  const error = await bootError();
  expect(error.message).toMatch(
    new RegExp(`^no Docker engine answers at unix://${directory}/nowhere.sock: connect ENOENT`),
  );
  expect(error.hint).toContain("docker/prepare.sh");
  expect(error.hint).toContain("--on local");
});

test("a DOCKER_HOST that is no address is an error of the same kind", async () => {
  vi.stubEnv("DOCKER_HOST", "tcp://:not a port");
  expect((await bootError()).message).toMatch(/^no Docker engine answers at tcp:\/\/:not a port: /);
});

test("an engine on another machine is refused, whatever is asked of it", async () => {
  vi.stubEnv("DOCKER_HOST", "tcp://build-machine.example:2375");
  expect((await bootError()).message).toBe("the Docker engine at build-machine.example is on another machine");
  await expect(cleanDocker()).rejects.toThrow("is on another machine");
  const remote = ["ssh://user@far.example", "tcp://10.1.2.3:2375", "tcp://[fd00::1]:2375"];
  expect(remote.map(remoteHost)).toEqual(["far.example", "10.1.2.3", "[fd00::1]"]);
  const here = ["", "unix:///var/run/docker.sock", "tcp://127.0.0.1:2375", "tcp://localhost:2375", "tcp://[::1]:1"];
  expect(here.map(remoteHost)).toEqual([null, null, null, null, null]);
});

test("an engine that accepts and never answers is given up on within ten seconds", async () => {
  const path = join(directory, "silent.sock");
  const server: Server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const began = performance.now();
  const error = await bootError(new Docker({ socketPath: path }));
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(error.message).toContain("no answer within 5000 ms");
  server.close();
});

test("a failed boot can be torn down, and cleaning and probing say the same", async () => {
  const engine = new Docker({ socketPath: join(directory, "nowhere.sock") });
  const failing = cluster(engine);
  await expect(failing.boot(AbortSignal.timeout(30_000))).rejects.toThrow("no Docker engine answers");
  expect((await failing.teardown()).leftBehind).toEqual([]);
  await expect(cleanDocker({ engine })).rejects.toThrow("no Docker engine answers");
  const probe = await probeDocker(engine);
  expect(probe.engine.works).toBe(false);
  expect(probe.internalNetworks).toEqual({ works: false, reason: "not tried: no engine answers" });
});

test("what cannot fit is refused before the engine is asked for anything", async () => {
  const nowhere = new Docker({ socketPath: join(directory, "nowhere.sock") });
  const error = await bootError(nowhere, { ...tinySystem(), refuses: () => "too shy" });
  expect(error.message).toBe("too shy");
});

test("a call has a time limit, and an answer of the engine is told in its own words", async () => {
  const late = ask("wait", () => new Promise(() => undefined), { timeoutMs: 20 });
  await expect(late).rejects.toThrow(new EngineError("wait", "no answer within 20 ms", null));
  const answer = Object.assign(new Error("(HTTP code 409) conflict - name is taken "), { statusCode: 409 });
  const refused: unknown = await ask("create", () => Promise.reject(answer)).catch((reason: unknown) => reason);
  expect(refused).toMatchObject({ message: "Docker could not create: name is taken", status: 409 });
});
