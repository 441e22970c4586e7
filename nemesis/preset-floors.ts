// What runs under each preset must have had, and what a preset's faults cannot bring about.
import type { PresetName } from "./presets.js";

/** What a run under a preset must have had to count as valid, beyond what every run must have; see `docs/teeth.md`. */
export const presetFloors = {
  exposing_read_share: 0.3,
  exposing_reads_near_faults: 50,
  mean_concurrency: 2,
  in_flight_at_fault: 1,
  called_during_fault: 10,
  leader_changes_open: 3,
  sent_to_deposed: 5,
  cut_links_proved: 1,
  node_share: 0.05,
  max_runner_lag_share: 0.2,
} as const;
export type PresetFloor = keyof typeof presetFloors;

const nothingIsBroken = "nothing is broken";
const noLinkIsCut = "no link is cut";
const onlyFollowers = "only followers are disturbed";
/** Which of these floors a preset's faults cannot bring about, and why. */
export const floorsBeyond: Readonly<Record<PresetName, Readonly<Partial<Record<PresetFloor, string>>>>> = {
  none: {
    exposing_reads_near_faults: nothingIsBroken,
    in_flight_at_fault: nothingIsBroken,
    called_during_fault: nothingIsBroken,
    leader_changes_open: nothingIsBroken,
    sent_to_deposed: nothingIsBroken,
    cut_links_proved: nothingIsBroken,
  },
  gentle: {
    leader_changes_open: onlyFollowers,
    sent_to_deposed: onlyFollowers,
    cut_links_proved: noLinkIsCut,
  },
  partitions: {},
  links: {},
  crashes: {
    sent_to_deposed: "a leader that was killed is not there to be asked",
    cut_links_proved: noLinkIsCut,
  },
  standard: {},
  brutal: {},
};
