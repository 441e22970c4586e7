// Shows that ports are drawn where the kernel does not hand them out by itself, that two leases never share one, and that a
// port somebody listens on is passed over. The registry lies in a directory of its own here.
import { mkdtempSync, rmSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isFree, leasePorts, rangeOutside } from "./ports.js";
import { registryDirectory } from "./registry.js";

const before = process.env["TMPDIR"];
let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "minos-ports-"));
  process.env["TMPDIR"] = directory;
});
afterAll(() => {
  if (before === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = before;
  rmSync(directory, { recursive: true });
});

test("the range lies below or above the ephemeral one, whichever is larger, and gives up only when neither is enough", () => {
  expect(rangeOutside({ from: 32_768, to: 60_999 })).toEqual({ from: 10_240, to: 32_767 });
  expect(rangeOutside({ from: 10_000, to: 20_000 })).toEqual({ from: 20_001, to: 65_535 });
  expect(rangeOutside({ from: 1_024, to: 65_535 })).toEqual({ from: 10_240, to: 65_535 });
});

test("two leases share no port, and what is released leaves no claim", async () => {
  const [a, b] = await Promise.all([leasePorts(70), leasePorts(70)]);
  expect(new Set([...a.ports, ...b.ports]).size).toBe(140);
  a.release();
  b.release();
  expect(readdirSync(join(registryDirectory(), "ports"))).toEqual([]);
});

test("a port that somebody listens on is not free", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  expect(await isFree(address.port)).toBe(false);
  server.close();
  await once(server, "close");
  expect(await isFree(address.port)).toBe(true);
});

test("more ports than there are is a clear error that claims nothing", async () => {
  await expect(leasePorts(100_000)).rejects.toThrow(/only \d+ of 100000 ports could be had/);
  expect(readdirSync(join(registryDirectory(), "ports"))).toEqual([]);
});
