// The smallest system that can be simulated, for the tests of the world itself: each node counts what it is told, sends a number to
// every peer at each tick, and writes every number that it hears. Also the example of a system of one's own.
import type { DeterministicNode, DeterministicSystem, NodeInput, NodeOutput } from "../../cluster/index.js";

export interface EchoDisk {
  numbers: number[];
}

export interface EchoNode extends DeterministicNode {
  readonly heard: readonly (readonly [from: number, number: number])[];
  readonly links: readonly string[];
  readonly ticks: number;
}

/** All nodes made, the latest last. */
export function echoSystem(panicAt: number | null = null): DeterministicSystem & { readonly made: EchoNode[] } {
  const made: EchoNode[] = [];
  return {
    made,
    tickMs: 10,
    electionTimeoutMs: 100,
    emptyDisk: (): EchoDisk => ({ numbers: [] }),
    applyBatch: (disk, batch) => (disk as EchoDisk).numbers.push(...(batch as readonly number[])),
    recoverTorn: (disk, batch, share) => {
      const numbers = batch as readonly number[];
      (disk as EchoDisk).numbers.push(...numbers.slice(0, Math.floor(numbers.length * share)));
    },
    createNode: ({ node, nodes, incarnation }) => {
      const heard: (readonly [number, number])[] = [];
      const links: string[] = [];
      let ticks = 0;
      let writing = false;
      let unwritten: number[] = [];
      let writes = 0;
      const turn = (inputs: readonly NodeInput[]): NodeOutput => {
        let sending = false;
        for (const input of inputs) {
          if (input.type === "tick") {
            ticks += 1;
            sending = true;
            if (ticks === panicAt) throw new Error(`tick ${ticks} was one too many`);
          } else if (input.type === "messages") {
            for (const message of input.messages) {
              heard.push([input.from, message as number]);
              unwritten.push(message as number);
            }
          } else if (input.type === "persisted") writing = false;
          else if (input.type === "link") links.push(`${input.direction} ${input.peer} ${input.up ? "up" : "down"}`);
        }
        const peers = nodes.map((_, at) => at + 1).filter((peer) => peer !== node);
        const sends = sending ? peers.map((to) => ({ to, messages: [ticks] })) : [];
        if (writing || unwritten.length === 0) return { sends, write: null, answers: [] };
        writing = true;
        const batch = unwritten;
        unwritten = [];
        return { sends, write: { number: (writes += 1), batch }, answers: [] };
      };
      const echo: EchoNode = {
        heard,
        links,
        get ticks() {
          return ticks;
        },
        turn,
        status: () => {
          const name = nodes[node - 1];
          if (name === undefined) throw new Error(`there is no node ${node}`);
          return { node: name, ready: true, incarnation, groups: [], suspected: [] };
        },
        decisions: () => [],
        inspect: () => null,
      };
      made.push(echo);
      return echo;
    },
    createClient: () => ({ handle: () => [] }),
  };
}
