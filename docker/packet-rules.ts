// Packets of directed links that are lost below TCP: rules of the packet filter in Toxiproxy's network namespace, where each link's packets
// can be told apart by address and port, put there by a sidecar that alone may do so. No other namespace is touched.
//
// What a sends to b passes here twice over: as what comes in from a for the port that leads to b, and, on connections that b made, as what
// goes out to b from the port that leads to a. Acknowledgements are lost as data is.
import type Docker from "dockerode";
import { ClusterError, linkName, type DirectedLink, type PacketCounts } from "../cluster/index.js";
import { ask, messageOf, type EngineFacts } from "./engine.js";
import type { Images } from "./images.js";
import { labelsOf, type RunIdentity } from "./labels.js";
import { linkListen, nodeLayout, type ClusterLayout } from "./layout.js";
import { hostConfig } from "./limits.js";
import { packetToolFiles } from "./packet-probe.js";
import { runInside } from "./run-inside.js";

/** Words for the packet filter, and whether it matters that it takes them. */
interface Change {
  readonly words: readonly string[];
  readonly must: boolean;
}
const must = (...words: readonly string[]): Change => ({ words, must: true });
const may = (...words: readonly string[]): Change => ({ words, must: false });

/** For `node -e`: one start of a program in a container costs more than all of them. */
const program = `
const { spawnSync } = require("node:child_process");
let last = "";
for (const { words, must } of JSON.parse(process.argv[1])) {
  const { status, stdout, stderr, error } = spawnSync("iptables-nft", ["-w", "5", ...words], { encoding: "utf8", timeout: 5000 });
  if (status !== 0 && must) {
    console.error("iptables-nft " + words.join(" ") + ": " + (error?.message || stderr).trim());
    process.exit(1);
  }
  last = stdout;
}
process.stdout.write(last);
`;

export interface PacketRulesOptions {
  readonly docker: Docker;
  readonly engine: EngineFacts;
  readonly identity: RunIdentity;
  readonly layout: ClusterLayout;
  readonly images: Images;
  /** Whose network namespace. */
  readonly proxy: Docker.Container;
}

export class PacketRules {
  readonly #options: PacketRulesOptions;
  readonly #on = new Map<string, DirectedLink>();
  #sidecar: Docker.Container | null = null;
  /** One change of the tables at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: PacketRulesOptions) {
    this.#options = options;
  }

  /** Rejects with the kernel's own words where it takes no rule that drops at random: before any load. */
  async start(): Promise<void> {
    const { docker, engine, identity, images, proxy } = this.#options;
    const image = await images.packetTools(await packetToolFiles());
    const sidecar = await ask("create the sidecar that drops packets", (abortSignal) =>
      docker.createContainer({
        name: `minos-${identity.runId}-${identity.cluster}-packets`,
        Image: image,
        Cmd: ["node", "-e", "setInterval(() => {}, 1e9)"],
        User: "0:0",
        Labels: labelsOf(identity, "packets"),
        HostConfig: {
          ...hostConfig({ memoryMb: 256, pids: 64, cpus: 1 }, engine),
          CapAdd: ["NET_ADMIN"],
          NetworkMode: `container:${proxy.id}`,
        },
        abortSignal,
      }),
    );
    await ask("start the sidecar that drops packets", (abortSignal) => sidecar.start({ abortSignal }));
    this.#sidecar = sidecar;
    try {
      await this.#change([must("-N", "minos-try"), must(...dropping("minos-try", 50))]);
      await this.#change([must("-F", "minos-try"), must("-X", "minos-try")]);
    } catch (error) {
      throw new ClusterError(
        `this engine's kernel takes no rule that drops packets at random: ${messageOf(error)}`,
        "leave packet-loss out",
      );
    }
  }

  /** `percent`: null takes the rules away again. */
  drop(links: readonly DirectedLink[], percent: number | null): Promise<void> {
    return this.#inTurn(async () => {
      const ruled = links.filter((link) => this.#on.has(linkName(link)));
      if (ruled.length > 0) {
        const listed = await this.#change([...ruled.flatMap((link) => this.#removing(link)), must("-nvxL")]);
        const left = ruled.filter((link) => listed.includes(`Chain ${chainOf(link)} `));
        for (const link of ruled) if (!left.includes(link)) this.#on.delete(linkName(link));
        if (left.length > 0)
          throw new ClusterError(`the rules of ${left.map(linkName).join(", ")} could not be taken away`);
      }
      if (percent === null) return;
      for (const link of links) this.#on.set(linkName(link), link);
      await this.#change(links.flatMap((link) => this.#adding(link, percent)));
    });
  }

  /** Takes all rules away. */
  healAll(): Promise<void> {
    return this.drop([...this.#on.values()], null);
  }

  /** By the rules' own counters, of the links that have some now. */
  counts(): Promise<readonly PacketCounts[]> {
    return this.#inTurn(async () => {
      if (this.#on.size === 0) return [];
      const listed = await this.#change([must("-nvxL")]);
      return [...this.#on.values()].flatMap((link) => countsOf(listed, link) ?? []);
    });
  }

  #adding(link: DirectedLink, percent: number): readonly Change[] {
    const chain = chainOf(link);
    return [
      must("-N", chain),
      // Counts, and lets pass.
      must("-A", chain),
      must(...dropping(chain, percent)),
      ...this.#rules(link).map(([where, ...rule]) => must("-A", where, ...rule, "-j", chain)),
    ];
  }

  /** Half a rule may be all there is where putting it there failed. */
  #removing(link: DirectedLink): readonly Change[] {
    const chain = chainOf(link);
    return [
      ...this.#rules(link).map(([where, ...rule]) => may("-D", where, ...rule, "-j", chain)),
      may("-F", chain),
      may("-X", chain),
    ];
  }

  #rules({ from, to }: DirectedLink): readonly (readonly [where: "INPUT" | "OUTPUT", ...string[]])[] {
    const { layout } = this.#options;
    const [sender, receiver] = [nodeLayout(layout, from), nodeLayout(layout, to)];
    const tcp = ["-p", "tcp"];
    return [
      ["INPUT", "-s", sender.nodeAddress, ...tcp, "--dport", String(linkListen(layout, from, to).port)],
      ["OUTPUT", "-d", receiver.nodeAddress, ...tcp, "--sport", String(linkListen(layout, to, from).port)],
    ];
  }

  /** One after the other, up to the first that had to succeed and did not; what the last one printed. */
  async #change(changes: readonly Change[]): Promise<string> {
    if (this.#sidecar === null) throw new ClusterError("the sidecar that drops packets was not started");
    const command = ["node", "-e", program, JSON.stringify(changes)];
    const { output, errors, exitCode } = await runInside(
      this.#options.docker,
      this.#sidecar,
      command,
      "change the packet rules",
    );
    if (exitCode !== 0) throw new ClusterError(errors.trim().slice(0, 400));
    return output;
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

const chainOf = ({ from, to }: DirectedLink): string => `minos-${from}-${to}`;

const dropping = (chain: string, percent: number): readonly string[] => {
  const share = (percent / 100).toFixed(6);
  return ["-A", chain, "-m", "statistic", "--mode", "random", "--probability", share, "-j", "DROP"];
};

/** From the listing of all chains: the first rule of a link's chain counts what came, the second what it dropped. */
export function countsOf(listed: string, link: DirectedLink): PacketCounts | null {
  const lines = listed.split("\n");
  const at = lines.findIndex((line) => line.startsWith(`Chain ${chainOf(link)} `));
  if (at < 0) return null;
  const [offered, dropped] = lines.slice(at + 2, at + 4).map((line) => /^\s*(\d+)\s/.exec(line)?.[1]);
  if (offered === undefined || dropped === undefined) return null;
  return { link, offeredPackets: Number(offered), droppedPackets: Number(dropped) };
}
