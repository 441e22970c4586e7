// The first screen: the verdict in words, colour and shape; the reason; the plan in one line; the command that does it again.
import { useState } from "preact/hooks";
import type { Violation } from "../../../../checker/index.js";
import { kindsOf, meaningOf } from "../../../verdict-words.js";
import { faultsDuring, faultSpans, faultTitle, targetText } from "../faults.js";
import { count, duration, plural, seconds } from "../format.js";
import { coreOperations, coreSpan } from "../core.js";
import type { Run } from "../load.js";
import { setTheme, type Theme } from "../palette.js";
import { jumpToTimeline } from "../around.js";
import { showViolation } from "../show-violation.js";
import { standingOf } from "../sort-teeth.js";
import type { ViewStore } from "../view.js";

export const words = { true: "Valid", false: "Violation", unknown: "Unknown" } as const;
export type VerdictWord = "valid" | "violation" | "unknown";

export function verdictName(run: Run): VerdictWord {
  const { valid } = run.payload.verdict;
  return valid === true ? "valid" : valid === false ? "violation" : "unknown";
}

/** A disc with a tick, an octagon with a cross, a triangle with a question mark. */
export function VerdictSign({ name, size }: { readonly name: VerdictWord; readonly size: number }) {
  return (
    <svg class={`sign sign-${name}`} width={size} height={size} viewBox="0 0 48 48" aria-hidden="true">
      {name === "valid" && (
        <>
          <circle cx="24" cy="24" r="22" class="shape" />
          <path d="M14 25 l7 7 l14 -15" class="mark" />
        </>
      )}
      {name === "violation" && (
        <>
          <path d="M15 2 h18 l13 13 v18 l-13 13 h-18 l-13 -13 v-18 z" class="shape" />
          <path d="M16 16 l16 16 M32 16 l-16 16" class="mark" />
        </>
      )}
      {name === "unknown" && (
        <>
          <path d="M24 3 L46 43 H2 z" class="shape" />
          <path d="M19 22 c0 -7 11 -7 11 -0.5 c0 4 -5.5 4.5 -5.5 9" class="mark" />
          <circle cx="24.5" cy="36.5" r="2.4" class="mark-dot" />
        </>
      )}
    </svg>
  );
}

/** `register on local · 6 nodes in 2 groups of 3 · …` */
export function planLine(run: Run): readonly string[] {
  const { plan } = run.payload;
  const groups = plan.replication > 0 ? Math.floor(plan.nodes / plan.replication) : 0;
  return [
    `${plan.workload.name} on ${plan.system}, ${plan.on}`,
    `${plural(plan.nodes, "node")}${groups > 1 ? ` in ${groups} groups of ${plan.replication}` : ""}`,
    `${duration(plan.time_limit_ms * 1e6)} at ${count(plan.rate_per_s)} operations/s`,
    `${plural(plan.concurrency, "thread")}, ${plural(plan.keys, "key")}`,
    // A swarm's faults, and those of a replay, are not in the plan: they are drawn or given while it runs.
    `nemesis ${plan.nemesis.name}${plan.nemesis.faults.length === 0 ? "" : `, ${plural(plan.nemesis.faults.length, "fault")} planned`}`,
    `seed ${plan.seed}`,
    ...(plan.mutant === null ? [] : [`planted bug ${plan.mutant}`]),
  ];
}

function Copy({ text }: { readonly text: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button"
      class="copy"
      onClick={() => {
        void navigator.clipboard?.writeText(text).then(() => {
          setCopied(true);
          setTimeout(() => setCopied(false), 1500);
        });
      }}
    >
      {copied ? "copied" : "copy"}
    </button>
  );
}

/** A simulation's clock begins where its makers' epoch does, which says nothing to a reader. */
function whenOf(run: Run): string {
  if (run.payload.plan.on === "simulation") return "of virtual time";
  return run.payload.run.startedAt.replace("T", " ").replace(/\.\d+Z$/, " UTC");
}

function Facts({ run }: { readonly run: Run }) {
  const { verdict, faults } = run.payload;
  const confirmed = faults.filter((fault) => fault.state === "confirmed" || fault.state === "still on").length;
  const invalidKeys = run.keyRows.filter((key) => key.valid === false).length;
  const unknownKeys = run.keyRows.filter((key) => key.valid === "unknown").length;
  const weak = verdict.teeth.filter((measure) => !standingOf(measure).enough).length;
  const facts: readonly (readonly [string, string, string, boolean])[] = [
    [
      "operations",
      count(verdict.counts.operations),
      `${count(verdict.counts.ok)} ok · ${count(verdict.counts.fail)} fail · ${count(verdict.counts.info)} unknown`,
      false,
    ],
    [
      "faults confirmed",
      `${confirmed} of ${faults.length}`,
      faults.length === 0 ? "nothing was broken" : "seen at their targets",
      confirmed < faults.length,
    ],
    [
      "keys judged",
      count(run.keyRows.length),
      run.keyRows.length === 0 ? "none" : `${count(invalidKeys)} in violation · ${count(unknownKeys)} unknown`,
      invalidKeys + unknownKeys > 0,
    ],
    [
      "teeth",
      weak === 0 ? "all above their floors" : `${weak} missed ${weak === 1 ? "its floor" : "their floors"}`,
      plural(verdict.teeth.length, "measure"),
      weak > 0,
    ],
    ["length", duration(run.endNs), whenOf(run), false],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value, detail, alarming]) => (
        <div key={name} class={alarming ? "alarming" : ""}>
          <dt>{name}</dt>
          <dd>
            <strong>{value}</strong>
            <span>{detail}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function ThemeButton() {
  const [theme, set] = useState<Theme>("auto");
  const next: Record<Theme, Theme> = { auto: "dark", dark: "light", light: "auto" };
  return (
    <button
      type="button"
      class="theme"
      onClick={() => {
        setTheme(next[theme]);
        set(next[theme]);
      }}
    >
      {theme === "auto" ? "◐ auto" : theme === "dark" ? "● dark" : "○ light"}
    </button>
  );
}

/** Why the verdict is unknown, and what to keep in mind. */
function Doubts({ run }: { readonly run: Run }) {
  const { unknown, warnings } = run.payload.verdict;
  return (
    <>
      {unknown.length > 0 && (
        <ul class="reasons">
          {unknown.map((reason) => (
            <li key={reason.sentence}>
              <span class="code">{reason.code}</span> <span class="value-text">{reason.sentence}</span>
            </li>
          ))}
        </ul>
      )}
      {warnings.length > 0 && (
        <ul class="reasons warnings">
          {warnings.map((warning) => (
            <li key={warning}>
              <span class="code">warning</span> <span class="value-text">{warning}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** What stands beside a violation: what was broken meanwhile, how many more there are, and doubts, which do not excuse it. */
function Beside({
  run,
  store,
  violation,
}: {
  readonly run: Run;
  readonly store: ViewStore;
  readonly violation: Violation;
}) {
  const { verdict } = run.payload;
  const core = coreOperations(run, violation);
  const last = core.at(-1);
  const toNs = violation.timeNs ?? (core.length > 0 ? coreSpan(core).toNs : null);
  const fromNs = last?.callNs ?? toNs;
  const spans = faultSpans(run.payload.faults, run.endNs);
  const acting = fromNs === null || toNs === null ? [] : faultsDuring(spans, fromNs, toNs);
  const doubts = verdict.unknown.length + verdict.warnings.length;
  return (
    <>
      <p class="meanwhile">
        {verdict.violations.length > 1 && (
          <span>{plural(verdict.violations.length, "violation")} in all; this is the first. </span>
        )}
        {toNs !== null && acting.length === 0 && run.payload.faults.length > 0 && (
          <span>No fault acted at that moment. </span>
        )}
        {acting.map((fault, index) => (
          <span key={fault.record.fault}>
            {index === 0 ? "Meanwhile: " : "; "}
            <button
              type="button"
              class="plain"
              onClick={() => {
                const margin = (fault.toNs - fault.fromNs) * 0.25 + 1e6;
                store.show(fault.fromNs - margin, fault.toNs + margin);
                jumpToTimeline();
              }}
            >
              {faultTitle(fault.record)} ({targetText(fault.record.targets)})
            </button>{" "}
            since {seconds(fault.fromNs, 2)}
          </span>
        ))}
        {acting.length > 0 && "."}
      </p>
      {doubts > 0 && (
        <details class="doubts">
          <summary>{plural(doubts, "doubt")} about the rest of the run, which excuse nothing</summary>
          <Doubts run={run} />
        </details>
      )}
    </>
  );
}

export function Top({ run, store }: { readonly run: Run; readonly store: ViewStore }) {
  const { verdict, plan, rerun } = run.payload;
  const name = verdictName(run);
  const [first] = verdict.violations;
  const [primary, ...others] = kindsOf(verdict);
  return (
    <header class="top">
      <div class="masthead">
        <span class="wordmark">Minos</span>
        <span class="value">{plan.name}</span>
        <span class="muted value">{run.payload.run.id}</span>
        <ThemeButton />
      </div>
      <div class={`verdict verdict-${name}`}>
        <VerdictSign name={name} size={64} />
        <div>
          <h1>
            {words[`${verdict.valid}`]}
            {primary !== undefined && <span class="class">: {primary}</span>}
            {others.length > 0 && (
              <span class="more-classes">
                {first === undefined ? ", " : ", then "}
                {others.join(", ")}
              </span>
            )}
          </h1>
          <p class="sentence value-text">{first === undefined ? meaningOf(verdict) : first.sentence}</p>
          {first === undefined ? <Doubts run={run} /> : <Beside run={run} store={store} violation={first} />}
          {first !== undefined && (
            <p class="actions">
              <a class="button" href="#why">
                See why
              </a>
              <button
                type="button"
                onClick={() => {
                  showViolation(run, store);
                  jumpToTimeline();
                }}
              >
                Show it in the timeline
              </button>
            </p>
          )}
        </div>
      </div>
      <Facts run={run} />
      <p class="plan">
        {planLine(run).map((part, index) => (
          <span key={part}>
            {index > 0 && <span class="muted"> · </span>}
            <span class={part.startsWith("planted") ? "planted" : ""}>{part}</span>
          </span>
        ))}
      </p>
      <p class="rerun">
        <span class="muted">again:</span> <code>{rerun}</code> <Copy text={rerun} />
      </p>
    </header>
  );
}
