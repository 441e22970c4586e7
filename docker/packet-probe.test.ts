// Shows what is concluded from the numbers that come out of the container: a rule counts as working only when what it dropped and
// what arrived are all that was sent. The numbers are given by hand; packet-probe.docker.test.ts has real ones.
import { expect, test } from "vitest";
import { judgePackets, parseReading } from "./packet-probe.js";

const good = { ruleRefused: null, sent: 200, received: 90, dropped: 110, netemRefused: null };

test("a rule whose counter and arrivals add up to what was sent works", () => {
  expect(judgePackets(good).dropRules).toEqual({
    works: true,
    detail: "tried in a container: of 200 packets 110 were dropped by the rule's counter and 90 arrived",
  });
});

test.each([
  ["drops nothing", { received: 200, dropped: 0 }],
  ["drops everything", { received: 0, dropped: 200 }],
  ["lets through what it counted as dropped", { received: 200, dropped: 110 }],
])("a rule that was taken and %s does not work", (_, numbers) => {
  expect(judgePackets({ ...good, ...numbers }).dropRules.works).toBe(false);
});

test("a refusal is told in the kernel's own words, on one line", () => {
  const { dropRules, netem } = judgePackets({
    ...good,
    ruleRefused: "RULE_APPEND failed\n(No such file)",
    netemRefused: "Error: Specified qdisc kind\nis unknown.",
  });
  expect(dropRules).toMatchObject({ reason: expect.stringMatching(/: RULE_APPEND failed \(No such file\)$/) });
  expect(netem).toMatchObject({ reason: expect.stringMatching(/kernel: Error: Specified qdisc kind is unknown\.$/) });
});

test("the answer is found amid the frames of the engine's log, and a log without one is an error that quotes it", () => {
  expect(parseReading(`\u0001\u0000\u0000w${JSON.stringify(good)}\n`, 0)).toEqual(good);
  expect(() => parseReading("node: not found", 127)).toThrow("ended with code 127: node: not found");
});
