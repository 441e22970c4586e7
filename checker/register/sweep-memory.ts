// What a search works in. It is used again by the next one: making it anew costs more than judging a small history.
import { Scratch } from "../scratch.js";
import { ConfigurationSet } from "./configurations.js";
import { WriteLog } from "./write-log.js";

export interface SweepMemory {
  readonly current: ConfigurationSet;
  readonly survivors: ConfigurationSet;
  readonly entered: ConfigurationSet;
  readonly log: WriteLog;
  /** For the plan. */
  readonly scratch: Scratch;
}

/** More than this is left to the collector. */
const keptBytes = 2 ** 21;
let spare: SweepMemory | null = null;

export function borrowMemory(): SweepMemory {
  const memory = spare;
  spare = null;
  return memory ?? newMemory();
}

export function newMemory(): SweepMemory {
  return {
    current: new ConfigurationSet(),
    survivors: new ConfigurationSet(),
    entered: new ConfigurationSet(),
    log: new WriteLog(),
    scratch: new Scratch(),
  };
}

export function giveBack(memory: SweepMemory): void {
  const { current, survivors, entered, log, scratch } = memory;
  if (current.bytes + survivors.bytes + entered.bytes + log.bytes + scratch.bytes <= keptBytes) spare = memory;
}
