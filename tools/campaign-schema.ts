// The JSON Schema of campaign files, for editors and for whoever writes such files by a program: made from the registries that the parser
// reads too, so that a new workload, fault or knob is in it. docs/schemas/campaign.schema.json; `npx tsx tools/generated-docs.ts` writes it.
// It cannot say what needs a second look at a value: a duration in words against its limits, the order of a range of seeds, or whether what a
// module's path names is there. The parser says those.
import { floorNames, knobs, type Knob } from "../campaign/index.js";
import { faultKinds, presetNames } from "../nemesis/index.js";
import { workloads } from "../workloads/index.js";

type Schema = Readonly<Record<string, unknown>>;

const duration: Schema = { type: "string", pattern: "^\\d+(\\.\\d+)?(ms|s|m|h)$" };
const seedWords: Schema = { type: "string", pattern: "^\\s*\\d+(\\.\\.\\d+)?\\s*(,\\s*\\d+(\\.\\.\\d+)?\\s*)*$" };
const seed: Schema = { type: "integer", minimum: 0, maximum: 2 ** 32 - 1 };
const workload: Schema = { enum: [...workloads.keys()] };

function nemesisWords(): Schema {
  const kinds = `(?:${[...new Set(Object.values(faultKinds).map(({ kind }) => kind))].join("|")})`;
  return { type: "string", pattern: `^(?:${presetNames.join("|")}|${kinds}(?:,${kinds})*)$` };
}
const nemesis = nemesisWords();

function typeOf(knob: Knob): Schema {
  if (knob.name === "workload") return workload;
  if (knob.name === "nemesis") return nemesis;
  switch (knob.kind) {
    case "integer": {
      const whole = { type: "integer", minimum: knob.minimum, maximum: knob.maximum };
      return knob.perNode === true ? { anyOf: [whole, { type: "string", pattern: "^[1-9]\\d{0,3}n$" }] } : whole;
    }
    case "number":
      return { type: "number", minimum: knob.minimum, maximum: knob.maximum };
    case "duration":
      return { anyOf: [{ type: "number", minimum: knob.minimumMs, maximum: knob.maximumMs }, duration] };
    case "choice":
      return { enum: knob.choices };
    case "text":
      return { type: "string", pattern: knob.pattern.source };
  }
}

function knobNamed(name: string): Knob {
  const knob = knobs.find((one) => one.name === name);
  if (knob === undefined) throw new Error(`no knob is called ${name}`);
  return knob;
}

const fields = (properties: Schema, more: Schema = {}): Schema => ({
  type: "object",
  additionalProperties: false,
  ...more,
  properties,
});
const list = (items: Schema): Schema => ({ type: "array", items });
const oneOrMore = (items: Schema): Schema => ({ anyOf: [items, list(items)] });
const orFields = (word: Schema, properties: Schema, more: Schema = {}): Schema => ({
  anyOf: [word, fields(properties, more), { type: "null" }],
});

/** As a plan file has them; null is what a stored plan writes where nothing was chosen. */
function planFields(): Schema {
  const faults = list({ $ref: "fault.schema.json" });
  const properties = Object.fromEntries(
    knobs.map((knob) => [knob.name, { description: knob.help, anyOf: [typeOf(knob), { type: "null" }] }]),
  );
  const checker = Object.fromEntries(
    ["time_ms", "memory_mb"].map((name) => [name, typeOf(knobNamed(`checker_${name}`))]),
  );
  return fields(
    {
      ...properties,
      workload: orFields(workload, { name: workload, options: { type: "object" } }, { required: ["name"] }),
      nemesis: orFields(nemesis, { name: nemesis, options: { type: "object" }, faults }),
      faults,
      floors: fields(Object.fromEntries(floorNames.map((name) => [name, { type: "number", minimum: 0 }]))),
      checker: fields(checker),
      version: { description: "Of a stored plan; decides nothing." },
      build: { description: "Of a stored plan; decides nothing." },
      floors_not_asked: { description: "Of a stored plan; decides nothing." },
    },
    { description: "Fields of a plan that every run starts from: docs/plans.md." },
  );
}

export function campaignSchema(): Schema {
  const plan = { $ref: "#/$defs/plan" };
  const word = (name: string): Schema => typeOf(knobNamed(name));
  const matrix = fields(
    {
      workloads: oneOrMore(workload),
      nemeses: oneOrMore(nemesis),
      clusters: oneOrMore(word("on")),
      mutants: oneOrMore(word("mutant")),
      seeds: { description: '"1..20", [1, 2, 7] or 7.', anyOf: [seed, seedWords, list({ anyOf: [seed, seedWords] })] },
      plan,
    },
    { description: "Every combination is a run; what is left out takes the plan's own." },
  );
  const excluded = fields({
    workload: { type: "string" },
    nemesis: { type: "string" },
    on: { type: "string" },
    mutant: { type: "string" },
    seed,
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "campaign.schema.json",
    title: "Campaign",
    description: "A campaign file, YAML or JSON: docs/campaigns.md. Made by tools/generated-docs.ts.",
    ...fields(
      {
        name: { type: "string", pattern: "^[a-z0-9][a-z0-9-]*$", description: "Of the campaign's folder." },
        plan,
        matrix: { anyOf: [{ $ref: "#/$defs/matrix" }, { ...list({ $ref: "#/$defs/matrix" }), minItems: 1 }] },
        exclude: { ...list(excluded), description: "What agrees in all that is given is not run." },
        canary: { type: "boolean", description: "Let clients lie, too: docs/teeth.md." },
        parallel: { type: "integer", minimum: 1, description: "Runs at a time; without: as the machine allows." },
        budget: fields({ runs: { type: "integer", minimum: 1 }, time: duration }),
      },
      { required: ["matrix"] },
    ),
    $defs: { matrix, plan: planFields() },
  };
}

/** As it stands in the file. */
export function campaignSchemaText(): string {
  return `${JSON.stringify(campaignSchema(), null, 2)}\n`;
}
