// Registers: get, put and cas over several keys, made so that each kind of wrong answer leaves a trace.
//
// - Keys of unique values: no value is ever written twice in a run, so a read names the write that it saw: a lost, stale or
//   resurrected write cannot hide behind an equal value.
// - Keys of a small domain: values go round A → B → C → A by cas, so that a cas applied twice, or a cas that two nodes granted,
//   breaks the chain although every single value looks familiar.
// - Reads follow writes at once and through other nodes: a follower or a deposed leader that answers by itself is caught.
// - One thread of each node only reads (where a node has several). On a leader that is cut off every write hangs until its
//   time-out; without a thread that never writes, hardly anybody would be left to ask it for a stale value.
// - Each key is first of all written, so that no read is of nothing only.
//
// `register` does all that; the others do one thing more, or more of one thing.
import { finalReads } from "./final-reads.js";
import { spreadKeys } from "./keys.js";
import { burstOption, shapeOptions } from "./load-shape.js";
import { commonProblems, numberOf, share, wholeNumber, type OwnOption } from "./options.js";
import { RegisterLoad, type RegisterShape } from "./register-load.js";
import type { Workload, WorkloadOptions, WorkloadRun } from "./workload.js";

/** The values of a small-domain key, in the order in which cas goes round them. */
export const smallDomain = ["A", "B", "C"] as const;

interface RegisterSpecification {
  readonly name: string;
  readonly description: string;
  readonly prefers?: NonNullable<Workload["prefers"]>;
  /** Defaults of the shares. */
  readonly reads: number;
  readonly cas: number;
  readonly small: number;
  readonly domain: readonly string[];
  readonly expectNewest: number;
  readonly roam?: OwnOption;
  readonly retire?: OwnOption;
}

function registerWorkload(specification: RegisterSpecification): Workload {
  const { name, description, prefers, roam, retire, domain, expectNewest } = specification;
  const table: readonly OwnOption[] = [
    share("read_share", specification.reads, "share of gets among the operations"),
    share("cas_share", specification.cas, "share of cas; what remains is put"),
    share("small_domain_share", specification.small, "share of keys whose values come from a small domain"),
    share("follow_up_share", 0.5, "share of gets that go to a key just written, through another node"),
    ...(roam === undefined ? [] : [roam]),
    ...(retire === undefined ? [] : [retire]),
    ...shapeOptions,
    burstOption,
  ];
  const problemsOf = (options: WorkloadOptions): readonly string[] => {
    const problems = commonProblems(name, table, options);
    const shares = ["read_share", "cas_share"].map((option) => numberOf(table, options.own, option));
    if (problems.length === 0 && shares.reduce((sum, one) => sum + one, 0) > 1)
      return ["workload options read_share and cas_share are more than 1 together"];
    return problems;
  };
  const shapeOf = (options: WorkloadOptions): RegisterShape => {
    const own = (option: string): number => numberOf(table, options.own, option);
    return {
      label: name,
      readShare: own("read_share"),
      casShare: own("cas_share"),
      smallDomainShare: own("small_domain_share"),
      followUpShare: own("follow_up_share"),
      domain,
      expectNewest,
      roamShare: roam === undefined ? null : own(roam.name),
      retireAfter: retire === undefined ? null : own(retire.name),
      burst: own("burst"),
    };
  };
  return {
    name,
    description,
    model: "cas-register",
    functions: ["get", "put", "cas"],
    ownOptions: table,
    ...(retire === undefined ? {} : { bearsKeys: true }),
    ...(prefers === undefined ? {} : { prefers }),
    ownFaults: null,
    problems: problemsOf,
    create(options, seed): WorkloadRun {
      const problems = problemsOf(options);
      if (problems.length > 0) throw new Error(problems.join("; "));
      const keys = spreadKeys(options.keys, options.groups, options.groupOfKey);
      const load = new RegisterLoad(keys, options, seed, shapeOf(options));
      return {
        get keys() {
          return retire === undefined ? keys : load.keys;
        },
        load,
        finalReads: (boundMs, without) =>
          finalReads(retire === undefined ? keys : load.keys, options.nodes, boundMs, without),
        judge: null,
      };
    },
  };
}

export const register = registerWorkload({
  name: "register",
  description:
    "Gets, puts and cas over several keys, spread evenly over the groups. Some keys get values that are never written twice, so that a read names its write; in the others cas goes round a small domain (A, B, C, A), so that a cas done twice breaks the chain. Reads follow writes through other nodes, and one thread of each node only reads.",
  reads: 0.45,
  cas: 0.3,
  small: 0.5,
  domain: smallDomain,
  expectNewest: 0.85,
});

export const registerSmall = registerWorkload({
  name: "register-small",
  description:
    "Registers of two values: cas goes from A to B and back, puts write either. Nearly every request would succeed a second time, so that a request done twice, late, or by two nodes does not fail of itself.",
  prefers: { keys: 4 },
  reads: 0.4,
  cas: 0.5,
  small: 1,
  domain: ["A", "B"],
  expectNewest: 0.85,
});

export const casContention = registerWorkload({
  name: "cas-contention",
  description:
    "Many clients, few keys, nearly only cas, each expecting what was seen last and writing a value of its own: of those that expect the same value one may succeed.",
  prefers: { keys: 2 },
  reads: 0.15,
  cas: 0.8,
  small: 0,
  domain: smallDomain,
  expectNewest: 0.95,
});

export const failover = registerWorkload({
  name: "failover",
  description:
    "The register workload with clients that roam: after an answer that is none, and now and then of their own accord, they go on at another node, as clients with a list of nodes do. Sessions so cross elections; pinned clients are what finds stale reads.",
  reads: 0.45,
  cas: 0.3,
  small: 0.5,
  domain: smallDomain,
  expectNewest: 0.85,
  roam: share(
    "roam_share",
    0.05,
    "share of operations before which a client goes to another node although it was answered",
  ),
});

export const mixed = registerWorkload({
  name: "mixed",
  description:
    "The register workload with keys that come and go: a key is retired after so many operations and a fresh one of the same group takes its place, all the time and so also during faults. Retired keys are read now and then, and at the end through every node.",
  reads: 0.45,
  cas: 0.3,
  small: 0.5,
  domain: smallDomain,
  expectNewest: 0.85,
  retire: wholeNumber(
    "retire_after",
    150,
    [1, 1_000_000],
    "operations on a key after which a fresh one takes its place",
  ),
});
