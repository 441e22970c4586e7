// What an invariant complained of while a run went (`simulation/invariants.ts`), as breaches with what led there: what the node was asked,
// the message that it is about, how it came to lead twice.
import type { TraceEvent } from "../../cluster/index.js";
import { sentenceOf, step, type Breach, type Step } from "./steps.js";

type Of<What extends TraceEvent["what"]> = Extract<TraceEvent, { readonly what: What }>;

/** The first few say all. */
const mostBreaches = 3;
/** What was heard longer ago is not what a node answers. */
const heardNs = 100e6;

interface Known {
  /** The latest message of agreement that came. */
  heard?: Of<"receive">;
  /** When it first led under the ballot under which it led last. */
  led?: { readonly timeNs: number; readonly ballot: string };
  /** Its write whose fsync has not returned. */
  pending?: number | undefined;
}

export class Complaints {
  readonly found: Breach[] = [];
  readonly #known = new Map<string, Known>();
  /** Places in `found` of breaches that wait for the message that they are about, by moment and node. */
  readonly #waiting = new Map<string, number>();

  take(event: TraceEvent): void {
    if (event.node === null) return;
    const known = this.#known.get(event.node) ?? {};
    this.#known.set(event.node, known);
    switch (event.what) {
      case "send":
        this.#blame(event);
        return;
      case "receive":
        if (event.message.topic === "agreement") known.heard = event;
        return;
      case "write":
        known.pending = event.write;
        return;
      case "durable":
      case "crash":
        known.pending = undefined;
        return;
      case "state": {
        const { role, phase, promised: ballot } = event.state;
        if (role === "leader" && phase === "accept" && known.led?.ballot !== ballot)
          known.led = { timeNs: event.time_ns, ballot };
        return;
      }
      case "violation":
        this.#tell(event, known);
        return;
      default:
    }
  }

  #tell({ time_ns: timeNs, node, invariant, text }: Of<"violation">, known: Known): void {
    if (this.found.length >= mostBreaches) return;
    const ofMessage = invariant === "claims are durable" || invariant === "promises are kept";
    const before = ofMessage
      ? lastHeard(known, timeNs)
      : invariant === "one leader per ballot"
        ? lastLed(node, known)
        : [];
    const how =
      invariant !== "claims are durable"
        ? ""
        : known.pending === undefined
          ? " No write of it is under way: were it to crash now, it would have forgotten it."
          : ` Its write ${known.pending} is still under way: were it to crash now, it could have forgotten it.`;
    const wrong: Step = { ...step(timeNs, node, `${sentenceOf(text)}${how}`), kind: "wrong" };
    if (ofMessage) this.#waiting.set(`${timeNs} ${node ?? ""}`, this.found.length);
    this.found.push({ rule: "an invariant", timeNs, node, commands: [], steps: [...before, wrong] });
  }

  /** Invariants complain of messages just before they are sent. */
  #blame({ id, time_ns: timeNs, node, message }: Of<"send">): void {
    const name = `${timeNs} ${node ?? ""}`;
    const place = this.#waiting.get(name);
    const breach = place === undefined ? undefined : this.found[place];
    const last = breach?.steps.at(-1);
    if (place === undefined || breach === undefined || last === undefined || message.topic !== "agreement") return;
    this.#waiting.delete(name);
    this.found[place] = { ...breach, steps: [...breach.steps.slice(0, -1), { ...last, messages: [id] }] };
  }
}

/** What a node was asked just before it answered wrongly. */
function lastHeard({ heard }: Known, timeNs: number): readonly Step[] {
  if (heard === undefined || heard.time_ns < timeNs - heardNs) return [];
  const text = `${heard.node ?? ""} receives from ${heard.from}: ${heard.message.text}.`;
  return [step(heard.time_ns, heard.node, text, [heard.id])];
}

/** That it led before; its crash and its start are told as faults. */
function lastLed(node: string | null, { led }: Known): readonly Step[] {
  if (led === undefined) return [];
  const text = `${node ?? ""} becomes leader: a majority has promised its ballot ${led.ballot}.`;
  return [step(led.timeNs, node, text)];
}
