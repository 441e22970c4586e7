// An explanation as a person reads it, in plain text.
import type { GuaranteeFinding, Violation, WeakerModels } from "../verdict.js";

/** Several lines, without a newline at the end. */
export function formatExplanation(violation: Violation): string {
  const { explanation, certificate, operations, related = [] } = violation;
  const lines = [`${violation.class}: ${violation.sentence}`];
  if (explanation === undefined) {
    const more = operations.length > 20 ? ", …" : "";
    lines.push(`operations that contradict each other: ${operations.slice(0, 20).join(", ")}${more}`);
    return lines.join("\n");
  }
  const texts = new Map(explanation.legend.map(({ operation, text }) => [operation, text]));
  const told = new Set<number>();
  const tell = (index: number): string => {
    told.add(index);
    return `  [${index}] ${texts.get(index) ?? "an operation"}`;
  };
  const ms = Number((explanation.stalenessMs ?? 0).toFixed(3));
  // Where times are but the order of lines there is nothing to tell.
  if (ms > 0) {
    lines.push(`The value had been gone for at least ${ms} ms when the read began.`);
  }
  const least = certificate?.minimal === true ? "; without any one of them the rest is consistent" : "";
  lines.push("", `These contradict each other${least}:`, ...operations.slice(0, 50).map(tell));
  if (operations.length > 50) lines.push(`  and ${operations.length - 50} more`);
  if (related.length > 0) lines.push("Also named above:", ...related.map(tell));
  for (const { order, before, state, notPlaced } of explanation.partials) {
    const earlier = before === 0 ? "" : `${before} earlier, `;
    lines.push("", `In order, leaving ${state}: ${earlier}${marks(order)}`);
    for (const { operation, reason } of notPlaced) lines.push(`  no place for [${operation}]: ${reason}`);
  }
  lines.push("", ...formatWeaker(explanation.weaker));
  const others = explanation.legend.filter(({ operation }) => !told.has(operation));
  if (others.length > 0) lines.push("", "The others:", ...others.map(({ operation }) => tell(operation)));
  return lines.join("\n");
}

function marks(operations: readonly number[]): string {
  return operations.map((index) => `[${index}]`).join(" ");
}

function formatWeaker({ strongest, sequential, guarantees }: WeakerModels): string[] {
  const lines = [`The strongest weaker model known to hold on this key: ${strongest}.`];
  if (sequential.holds === true) return lines;
  const verdict = sequential.holds === false ? "does not hold" : "not known within the budget";
  return [
    ...lines,
    `  sequential consistency: ${verdict}${shownBy(sequential.witness)}`,
    ...guarantees.map(formatGuarantee),
  ];
}

function formatGuarantee({ guarantee, holds, given, witness }: GuaranteeFinding): string {
  if (holds === true) return `  ${guarantee}: holds`;
  if (holds === "unknown") return `  ${guarantee}: not known`;
  const together = given.length === 0 ? "" : ` together with ${given.join(" and ")}`;
  return `  ${guarantee}: does not hold${together}${shownBy(witness)}`;
}

function shownBy(witness: readonly number[]): string {
  return witness.length === 0 ? "" : `, as ${marks(witness)} show`;
}
