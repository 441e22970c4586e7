// The parts that read what others say of containers, on texts as they come: ldd, /proc, the engine's port table, labels, logs.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import Docker from "dockerode";
import { expect, test } from "vitest";
import { currentOwner } from "../cluster/index.js";
import { parseLdd } from "./host-files.js";
import { labelsOf, ownerOf } from "./labels.js";
import { ContainerLog } from "./log.js";
import { parseCgroups } from "./process.js";
import { publishedPorts } from "./proxy-container.js";

test("the libraries are those that ldd found, the loader among them and the kernel's own left out", () => {
  const text = [
    "\tlinux-vdso.so.1 (0x00007f02f2a6d000)",
    "\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f02f2a57000)",
    "\t/lib64/ld-linux-x86-64.so.2 (0x00007f02f2a6f000)",
    "\tlibc.musl-x86_64.so.1 => /lib/ld-musl-x86_64.so.1 (0x7f3c5e0f0000)",
    "",
  ].join("\n");
  expect(parseLdd(text, "node")).toEqual([
    "/lib/x86_64-linux-gnu/libdl.so.2",
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-musl-x86_64.so.1",
  ]);
});

test("a library that is missing is named", () => {
  expect(() => parseLdd("\tlibnope.so.1 => not found\n", "node")).toThrow(
    "node needs libnope.so.1, which this machine lacks",
  );
});

test("control groups are read in both versions, joined controllers one by one", () => {
  const text =
    "9:name=systemd:/docker/abc\n4:cpu,cpuacct:/docker/abc\n6:freezer:/docker/f\n0::/system.slice/docker-abc.scope\n";
  expect(Object.fromEntries(parseCgroups(text))).toEqual({
    "name=systemd": "/docker/abc",
    cpu: "/docker/abc",
    cpuacct: "/docker/abc",
    freezer: "/docker/f",
    "": "/system.slice/docker-abc.scope",
  });
});

test("a port published on more than loopback is an error", () => {
  const good = { "22001/tcp": [{ HostIp: "127.0.0.1", HostPort: "40001" }], "8474/tcp": null };
  expect([...publishedPorts(good)]).toEqual([[22_001, 40_001]]);
  for (const HostIp of ["0.0.0.0", "::", ""])
    expect(() => publishedPorts({ "22001/tcp": [{ HostIp, HostPort: "40001" }] })).toThrow("not on 127.0.0.1 alone");
});

test("an owner is read back from the labels, and labels that lack a part name none", () => {
  const owner = currentOwner();
  const labels = labelsOf({ runId: "r", cluster: "c", owner }, "node");
  expect(ownerOf(labels)).toEqual(owner);
  for (const name of ["minos.owner-pid", "minos.owner-start", "minos.boot-id"]) {
    const { [name]: _, ...rest } = labels;
    expect(ownerOf(rest)).toBeNull();
  }
  expect(ownerOf({ ...labels, "minos.owner-pid": "1; rm" })).toBeNull();
  expect(ownerOf(null)).toBeNull();
});

/** A frame of the engine's stream: 1 is stdout, 2 stderr. */
function frame(output: 1 | 2, text: string): Buffer {
  const body = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = output;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

test("a log is written as it comes; each line is watched once, however it was cut up, also the last without an end", async () => {
  const directory = mkdtempSync(join(tmpdir(), "minos-log-"));
  try {
    const panics: string[] = [];
    const path = join(directory, "log.txt");
    const log = new ContainerLog(path, {
      // Flags that would make a pattern remember where it stood.
      crashPatterns: [/panic/g],
      panic: (line) => panics.push(line),
      trouble: (detail) => panics.push(detail),
    });
    const stream = new PassThrough();
    log.attach(new Docker({ socketPath: "/nonexistent" }), stream);
    const parts = [frame(1, "one\npan"), frame(2, "panic 2\n"), frame(1, "ic 1\nthree\npanic 3\nlast ü panic")];
    for (const part of parts) stream.write(part);
    stream.end();
    expect(await log.tail()).toEqual(["one", "panic 2", "panic 1", "three", "panic 3", "last ü panic"]);
    expect(panics).toEqual(["panic 2", "panic 1", "panic 3", "last ü panic"]);
    expect(readFileSync(path, "utf8")).toBe("one\npanpanic 2\nic 1\nthree\npanic 3\nlast ü panic");
    log.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
