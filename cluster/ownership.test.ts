// Shows that an owner is told alive or dead by pid, start time and boot together, never by the pid alone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { currentOwner, formatOwner, ownerLives, parseOwner, startTimeOf } from "./ownership.js";

test("this process lives, and another start time or boot of the same pid does not", () => {
  const owner = currentOwner();
  expect(ownerLives(owner)).toBe(true);
  expect(ownerLives({ ...owner, startTime: `${owner.startTime}1` })).toBe(false);
  expect(ownerLives({ ...owner, bootId: "another boot" })).toBe(false);
});

test("a process that ended does not live", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  await once(child, "spawn");
  const { pid } = child;
  if (pid === undefined) throw new Error("no pid");
  const startTime = startTimeOf(pid);
  expect(startTime).not.toBeNull();
  const owner = { ...currentOwner(), pid, startTime: startTime ?? "" };
  expect(ownerLives(owner)).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(ownerLives(owner)).toBe(false);
});

test("an owner survives being written and read, and other text is no owner", () => {
  const owner = currentOwner();
  expect(parseOwner(formatOwner(owner))).toEqual(owner);
  for (const text of ["", "null", "{}", '{"pid":"1","startTime":"2","bootId":"3"}', "[1]"])
    expect(parseOwner(text)).toBeNull();
});
