// Shows that `minos serve` serves the store of real runs at the address that it prints, on loopback, until it is interrupted, and what it says
// where it cannot.
import { expect, test } from "vitest";
import { minos, startMinos, temporaryFolder } from "./testing/minos.js";

test("the runs of a store are served at the address that it prints, and Ctrl-C ends it", async () => {
  const cwd = temporaryFolder();
  const run = ["run", "--on", "simulation", "--time-limit", "5s", "--seed"];
  for (const words of [
    [...run, "1"],
    [...run, "2", "--mutant", "M14"],
  ])
    await minos(words, { cwd });
  const { child, ended } = startMinos(["serve", "--port", "0", "--json"], { cwd });
  const line = await new Promise<string>((resolve) => child.stdout?.once("data", (text: string) => resolve(text)));
  const { url } = JSON.parse(line) as { readonly url: string };
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const runs = (await (await fetch(`${url}api/runs`)).json()) as readonly Record<string, unknown>[];
  expect(runs.map(({ mutant, valid }) => [mutant, valid])).toContainEqual([null, true]);
  expect(runs.map(({ mutant }) => mutant)).toEqual(["M14", null]);
  const report = await fetch(`${url}files/${String(runs[0]?.["id"])}/report.html`);
  expect(await report.text()).toContain("<!doctype html>");
  child.kill("SIGINT");
  expect((await ended).code).toBe(0);
});

test("without a store, and with a port that is none, it says so", async () => {
  const cwd = temporaryFolder();
  const none = await minos(["serve"], { cwd });
  expect([none.code, none.err]).toEqual([254, expect.stringContaining("there is no store store") as string]);
  const wrong = await minos(["serve", "--port", "http"], { cwd });
  expect([wrong.code, wrong.err]).toEqual([254, expect.stringContaining("expected a port") as string]);
});
