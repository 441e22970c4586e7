// The report: one HTML file that a person opens at night to learn what broke, when and why. The viewer is built ahead of time from
// `viewer/` (Vite, Preact, uPlot, and canvases of its own); this room puts a run's data into it. The file needs no network and no
// server, and no value of a run can become markup in it.
export { buildReport, writeReport, ViewerMissingError, type ReportInput, type StreamedReport } from "./build.js";
export {
  campaignsPage,
  comparePage,
  filterNames,
  filterRuns,
  messagePage,
  runPage,
  runsPage,
  violationsPage,
  type RunFilter,
} from "./store-pages.js";
export { campaignPage, type CampaignPage, type CampaignPageRun, type RunState } from "./campaign-page.js";
export type { ReportStatusSample } from "./nodes.js";
export type { CanaryRow, PreviousCampaign } from "./campaign-sections.js";
export { drawStill, type Still } from "./still/still.js";
export { findChromium, NoPictureError, writePng } from "./still/png.js";
export { findBreaches } from "./trace/breaches.js";
export type { Breach, Rule, Step } from "./trace/steps.js";
export { drawTrace, type Diagram } from "./trace/diagram.js";
export { filterTrace, type TraceFilter } from "./trace/filter.js";
export { traceText } from "./trace/text.js";
export type { LogExcerpt, ReportPlan } from "./payload.js";
