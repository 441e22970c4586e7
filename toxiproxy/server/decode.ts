// Request bodies, read the way Go's decoder reads them into Toxiproxy's structs: field names in any case, null leaves the default,
// unknown fields are ignored, the first wrong type refuses the whole.
import type { Stream } from "../types.js";
import { toxicTypes } from "./stages.js";
import type { Toxic } from "./pipe.js";

/** What the API answers with instead of a result. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const badBody = (detail: string): ApiError => new ApiError(`bad request body: ${detail}`, 400);

export function parseBody(text: string): Json {
  if (text.trim() === "") throw badBody("EOF");
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw badBody(isCutShort(text) ? "unexpected EOF" : error instanceof Error ? error.message : String(error));
  }
}

/** Whether more text could still make it valid: no bracket was closed wrongly and one is open, or a string is. */
function isCutShort(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? "";
    if (inString) {
      if (letter === "\\") at++;
      else if (letter === '"') inString = false;
    } else if (letter === '"') inString = true;
    else if ("{[".includes(letter)) depth++;
    else if ("}]".includes(letter)) depth--;
  }
  return inString || depth > 0;
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value;
}

/** One JSON object whose fields are asked for one by one. */
class Fields {
  private readonly byName = new Map<string, Json>();

  constructor(
    value: Json,
    private readonly goName: string,
  ) {
    if (value === null) return;
    if (typeof value !== "object" || Array.isArray(value))
      throw badBody(
        `json: cannot unmarshal ${kindOf(value)} into Go value of type ${goName.includes(".") ? goName : `toxiproxy.${goName}`}`,
      );
    for (const [name, field] of Object.entries(value)) this.byName.set(name.toLowerCase(), field);
  }

  raw(name: string): Json | undefined {
    const value = this.byName.get(name.toLowerCase());
    return value === null ? undefined : value;
  }

  private wrong(name: string, value: Json, goType: string): ApiError {
    // Go names the number only when a number of another kind was wanted.
    const shown = typeof value === "number" && goType === "int64" ? `number ${value}` : kindOf(value);
    const field = `${this.goName.replace("toxics.", "")}.${name}`;
    return badBody(`json: cannot unmarshal ${shown} into Go struct field ${field} of type ${goType}`);
  }

  text(name: string, fallback: string): string {
    const value = this.raw(name);
    if (value === undefined) return fallback;
    if (typeof value !== "string") throw this.wrong(name, value, "string");
    return value;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.raw(name);
    if (value === undefined) return fallback;
    if (typeof value !== "boolean") throw this.wrong(name, value, "bool");
    return value;
  }

  float(name: string, fallback: number): number {
    const value = this.raw(name);
    if (value === undefined) return fallback;
    if (typeof value !== "number") throw this.wrong(name, value, "float32");
    return value;
  }

  /** A 64-bit integer. Beyond 2^53 the low digits are lost; nothing that a toxic does could tell. */
  integer(name: string, fallback: number): number {
    const value = this.raw(name);
    if (value === undefined) return fallback;
    if (typeof value !== "number" || !Number.isInteger(value) || Math.abs(value) >= 2 ** 63)
      throw this.wrong(name, value, "int64");
    return value;
  }
}

export interface ProxyInput {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
}

export function decodeProxy(body: Json, defaults: ProxyInput): ProxyInput {
  const fields = new Fields(body, "Proxy");
  return {
    name: fields.text("name", defaults.name),
    listen: fields.text("listen", defaults.listen),
    upstream: fields.text("upstream", defaults.upstream),
    enabled: fields.flag("enabled", defaults.enabled),
  };
}

const noProxy: ProxyInput = { name: "", listen: "", upstream: "", enabled: true };

function missing(field: string): ApiError {
  return new ApiError(`missing required field: ${field}`, 400);
}

export function decodeNewProxy(text: string): ProxyInput {
  const input = decodeProxy(parseBody(text), noProxy);
  if (input.name === "") throw missing("name");
  if (input.upstream === "") throw missing("upstream");
  return input;
}

/** Validates all before anything is made. */
export function decodePopulate(text: string): readonly ProxyInput[] {
  const body = parseBody(text);
  if (body === null) return [];
  if (!Array.isArray(body)) throw badBody(`json: cannot unmarshal ${kindOf(body)} into Go value of type []struct`);
  const inputs = body.map((element: Json) => decodeProxy(element, noProxy));
  for (const [index, input] of inputs.entries()) {
    if (input.name === "") throw missing(`name at proxy ${index + 1}`);
    if (input.upstream === "") throw missing(`upstream at proxy ${index + 1}`);
  }
  return inputs;
}

function parseStream(text: string): Stream {
  const stream = text.toLowerCase();
  if (stream === "upstream" || stream === "downstream") return stream;
  throw new ApiError("stream was invalid, can be either upstream or downstream", 400);
}

function decodeAttributes(type: string, body: Json, current: Readonly<Record<string, number>>): Record<string, number> {
  const toxicType = toxicTypes.get(type);
  if (toxicType === undefined) throw new ApiError("invalid toxic type", 400);
  const fields = new Fields(body, `${toxicType.goName}.attributes`);
  return Object.fromEntries(toxicType.attributes.map((name) => [name, fields.integer(name, current[name] ?? 0)]));
}

/** `isTaken` is asked in the order in which the real server checks: after the type, before the attributes. */
export function decodeNewToxic(text: string, isTaken: (name: string) => boolean): Toxic {
  const fields = new Fields(parseBody(text), "toxics.ToxicWrapper");
  const name = fields.text("name", "");
  const type = fields.text("type", "");
  const streamText = fields.text("stream", "downstream");
  const toxicity = fields.float("toxicity", 1);
  const stream = parseStream(streamText);
  if (!toxicTypes.has(type)) throw new ApiError("invalid toxic type", 400);
  const fullName = name === "" ? `${type}_${streamText}` : name;
  if (isTaken(fullName)) throw new ApiError("toxic already exists", 409);
  const attributes = decodeAttributes(type, fields.raw("attributes") ?? null, {});
  return { name: fullName, type, streamText, stream, toxicity, attributes };
}

/** Only attributes and toxicity can change; attributes that are not named keep their value. */
export function decodeToxicUpdate(text: string, toxic: Toxic): Pick<Toxic, "attributes" | "toxicity"> {
  const fields = new Fields(parseBody(text), "toxics.ToxicWrapper");
  return {
    attributes: decodeAttributes(toxic.type, fields.raw("attributes") ?? null, toxic.attributes),
    toxicity: fields.float("toxicity", toxic.toxicity),
  };
}
