// Shows that `minos doctor` says what works here, what each kind of cluster refuses and why, and that its control was found valid and its lie caught.
import { expect, test } from "vitest";
import { documentOf, minos, temporaryFolder } from "./testing/minos.js";

interface Finding {
  readonly what: string;
  readonly works: boolean;
  readonly detail: string;
  readonly optional: boolean;
}

test("what works, what is refused with a reason, a control that is valid and a lie that is caught", async () => {
  const ended = await minos(["doctor", "--json"], { cwd: temporaryFolder() });
  const document = documentOf(ended);
  const findings = document["findings"] as readonly Finding[];
  expect(document["took_ms"]).toBeTypeOf("number");
  for (const what of ["Node.js", "store", "local", "simulation", "green control", "planted lie"])
    expect(findings.find((finding) => finding.what === what)).toMatchObject({ works: true, optional: false });
  expect(ended.code, ended.err).toBe(0);
  const engine = findings.find(({ what }) => what === "docker: engine");
  const kinds = engine?.works === true ? ["local", "simulation", "docker"] : ["local", "simulation"];
  for (const kind of kinds) {
    const refused = findings.filter(
      ({ what, detail }) => what.startsWith(`${kind}: `) && detail.startsWith("refused: "),
    );
    expect(refused.length, kind).toBeGreaterThan(0);
    for (const { works, optional, detail } of refused) {
      expect({ works, optional }).toEqual({ works: false, optional: true });
      expect(detail.length).toBeGreaterThan("refused: ".length);
    }
  }
});
