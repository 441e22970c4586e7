// Branded names, so that a node's name cannot stand where a link's belongs.
declare const nodeBrand: unique symbol;

/** A node's name as plan, history and report write it: `n1`, `n2`, … */
export type NodeName = string & { readonly [nodeBrand]: true };

export function nodeName(name: string): NodeName {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
    throw new Error(`"${name}" is no node name: lower-case letters, digits and "-"`);
  return name as NodeName;
}

/** `n1` … `n<count>`. */
export function nodeNames(count: number): readonly NodeName[] {
  return Array.from({ length: count }, (_, index) => nodeName(`n${index + 1}`));
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Bytes that `from` sends to `to`, whoever dialled. */
export interface DirectedLink {
  readonly from: NodeName;
  readonly to: NodeName;
}

/** `n1>n2`, the form used in histories and reports. */
export function linkName(link: DirectedLink): string {
  return `${link.from}>${link.to}`;
}
