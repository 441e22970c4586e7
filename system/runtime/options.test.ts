// Shows that a node's command line is read as it is written by `description.ts`, and that anything wrong is named.
import { describe, expect, it } from "vitest";

import { parseOptions } from "./options.js";

const good: readonly string[] = (
  "--node n1 --nodes n1,n2 --replication 2 --cluster c --data /d --peer n2=proxy.example:4 " +
  "--listen-client 127.0.0.1:1 --listen-peer 127.0.0.1:2 --listen-admin [::1]:3"
).split(" ");

/** The good arguments with the value of one replaced, or the argument left out. */
function changed(name: string, value: string | null): readonly string[] {
  const at = good.indexOf(name);
  return value === null ? good.toSpliced(at, 2) : good.toSpliced(at + 1, 1, value);
}

describe("the command line", () => {
  it("gives every setting", () => {
    expect(parseOptions(good)).toEqual({
      node: "n1",
      nodes: ["n1", "n2"],
      replication: 2,
      cluster: "c",
      data: "/d",
      listenClient: { host: "127.0.0.1", port: 1 },
      listenPeer: { host: "127.0.0.1", port: 2 },
      listenAdmin: { host: "[::1]", port: 3 },
      peers: new Map([["n2", { host: "proxy.example", port: 4 }]]),
    });
  });

  it.each([
    [changed("--cluster", null), "--cluster is missing"],
    [changed("--peer", null), "--peer n2=… is missing"],
    [changed("--peer", "n3=h:1"), "--peer n2=… is missing"],
    [[...good, "--peer", "n1=h:1"], "--peer n1 is no other node"],
    [changed("--peer", "h:1"), '"h:1" is not NAME=HOST:PORT'],
    [changed("--node", "n9"), "--node n9 is not one of --nodes"],
    [changed("--nodes", "n1,n1"), "--nodes names a node twice"],
    [changed("--replication", "0"), "--replication must be a positive integer"],
    [changed("--replication", "3"), "2 nodes are no multiple of the replication degree 3"],
    [changed("--listen-peer", "127.0.0.1"), '--listen-peer: "127.0.0.1" is not HOST:PORT'],
    [changed("--listen-peer", "127.0.0.1:70000"), "is not HOST:PORT"],
    [[...good, "--verbose", "1"], 'unknown argument "--verbose"'],
    [[...good, "--data", "/e"], "--data is given twice"],
    [[...good, "--data"], "--data needs a value"],
  ])("%# is refused with a sentence: %s", (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});
