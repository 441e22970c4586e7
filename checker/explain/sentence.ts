// The sentence for a person. Times are seconds since the run began.
import type { Operation } from "../../history/index.js";
import type { ViolationClass } from "../verdict.js";
import { fieldOf, show } from "../values.js";

export function seconds(timeNs: number): string {
  return `${(timeNs / 1e9).toFixed(3)} s`;
}

function who({ process, node }: Operation): string {
  return `by process ${process}${node === null ? "" : ` (${node})`}`;
}

/** `put 9`, `cas 1→2`, `get`. */
function named({ function: name, input }: Operation): string {
  if (name === "cas") return `cas ${show(fieldOf(input, "expected") ?? null)}→${show(fieldOf(input, "new") ?? null)}`;
  return input === null && name === "get" ? "get" : `${name} ${show(input)}`;
}

function ended({ returnNs }: Operation): string {
  return returnNs === null ? "never answered" : `answered at ${seconds(returnNs)}`;
}

/** `get by process 3 returned 7 at 1.203 s`. */
export function answer(operation: Operation): string {
  const { function: name, output, returnNs } = operation;
  const at = returnNs === null ? "" : ` at ${seconds(returnNs)}`;
  const subject = `${named(operation)} ${who(operation)}`;
  if (name === "get") return `${subject} returned ${show(output)}${at}`;
  const previous = fieldOf(output, "previous");
  if (previous !== undefined) return `${subject} said${at} that it replaced ${show(previous)}`;
  const observed = fieldOf(output, "observed");
  const status = fieldOf(output, "status");
  if (status === undefined) return `${subject} was answered${at}`;
  const saw = observed === undefined || status === "ok" ? "" : `, having seen ${show(observed)}`;
  return `${subject} answered ${show(status)}${saw}${at}`;
}

/** `put 9 by process 1 (n2)`. */
export function subject(operation: Operation): string {
  return `${named(operation)} ${who(operation)}`;
}

/** What an operation did and when, for a list. */
export function line(operation: Operation): string {
  const { callNs, returnNs, outcome } = operation;
  const times = `${seconds(callNs)} to ${returnNs === null ? "the end" : seconds(returnNs)}`;
  if (outcome === "fail") return `${subject(operation)} failed, ${times}`;
  if (returnNs === null) return `${subject(operation)}, its outcome unknown, ${times}`;
  return `${answer(operation).replace(/ at \d+\.\d+ s/, "")}, ${times}`;
}

export interface Story {
  readonly class: ViolationClass;
  readonly culprit: Operation;
  /** Text of the value in question. */
  readonly value: string;
  readonly against: Operation | null;
  readonly writer: Operation | null;
}

export function tell({ class: name, culprit, value, against, writer }: Story): string {
  const claim = answer(culprit);
  const begun = `before the ${culprit.function} began at ${seconds(culprit.callNs)}`;
  const replaced =
    against === null
      ? `nothing that happened leaves ${value} there`
      : against.returnNs !== null && against.returnNs < culprit.callNs
        ? `${named(against)} ${who(against)} had replaced ${value} by ${seconds(against.returnNs)}, ${begun}`
        : `that does not go together with ${named(against)} ${who(against)}, ${ended(against)}`;
  switch (name) {
    case "value from nowhere":
      return `${claim}, but no operation that could have left ${value} there had begun by then.`;
    case "read of a failed write":
      return writer === null
        ? `${claim}, but ${value} was only ever written by an operation that failed.`
        : `${claim}, but ${named(writer)} ${who(writer)} certainly failed (${ended(writer)}), and nobody else writes ${value}.`;
    case "forked CAS":
      return against === null
        ? `${claim}, and so did another cas from ${value}.`
        : `${claim}, and so did ${named(against)} ${who(against)}, ${ended(against)}: both replaced the same ${value}.`;
    case "lost write":
      return `${claim}, but ${replaced}: the acknowledged write is gone.`;
    case "resurrected write":
      if (writer !== null && writer.index === culprit.index)
        return `${claim}, but ${value} can only have come from that operation itself: it took effect more than once.`;
      return writer === null
        ? `${claim}, but ${replaced}: an old write took effect again.`
        : `${claim}, but ${replaced}: ${named(writer)} ${who(writer)}, begun at ${seconds(writer.callNs)}, took effect again.`;
    default:
      return `${claim}, but ${replaced}.`;
  }
}
