// What stands above the operations and does not scroll: the time axis, the phases, the faults each on a lane of their own, marks of
// nodes and of Minos, and who led each group. Everything drawn here answers the pointer, through the list of spots it returns.
import type { GroupRecord, LeaderRecord, MarkRecord } from "../../../payload.js";
import type { Run } from "../load.js";
import type { Palette } from "../palette.js";
import type { Pen } from "../pen.js";
import { faultShort, faultTitle, targetText } from "../faults.js";
import { duration, seconds, timeTicks } from "../format.js";
import type { TimeScale } from "../view.js";
import type { FaultSpan } from "../faults.js";

export interface Spot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly title: string;
  readonly lines: readonly string[];
  /** Shown when clicked. */
  readonly span: { readonly fromNs: number; readonly toNs: number } | null;
}

export interface HeadPicture {
  readonly context: Pen;
  readonly width: number;
  readonly scale: TimeScale;
  readonly run: Run;
  readonly colours: Palette;
  readonly faults: readonly FaultSpan[];
}

const axisHeight = 24;
const phaseHeight = 17;
/** A bar with what it was, and below it at whom. */
const faultHeight = 34;
const faultBar = 17;
const marksHeight = 16;
const memberHeight = 12;
const groupGap = 7;
const smallFont = "10px system-ui, sans-serif";
const labelFont = "11px system-ui, sans-serif";

interface PlacedFault extends FaultSpan {
  readonly level: number;
  /** Where the next fault on its level begins: its text may run until there. */
  readonly labelUntilNs: number;
}

/** Faults that overlap in time stand below one another. */
export function placeFaults(faults: readonly FaultSpan[]): readonly PlacedFault[] {
  const freeFrom: number[] = [];
  const placed = faults.map((fault) => {
    const free = freeFrom.findIndex((end) => end <= fault.fromNs);
    const level = free === -1 ? freeFrom.length : free;
    freeFrom[level] = fault.toNs;
    return { ...fault, level };
  });
  return placed.map((fault, index) => ({
    ...fault,
    labelUntilNs:
      placed.slice(index + 1).find((later) => later.level === fault.level)?.fromNs ?? Number.POSITIVE_INFINITY,
  }));
}

function levelsOf(placed: readonly PlacedFault[]): number {
  return placed.reduce((most, { level }) => Math.max(most, level + 1), 0);
}

export function headHeight(run: Run, faults: readonly FaultSpan[]): number {
  const levels = levelsOf(placeFaults(faults));
  const groups = run.payload.groups.reduce((sum, group) => sum + group.nodes.length * memberHeight + groupGap, 0);
  return (
    axisHeight +
    (run.payload.phases.length > 0 ? phaseHeight : 0) +
    levels * faultHeight +
    (run.payload.marks.length > 0 ? marksHeight : 0) +
    groups +
    4
  );
}

function label(picture: HeadPicture, text: string, middle: number, muted = true): void {
  const { context, colours, scale } = picture;
  context.font = labelFont;
  context.textAlign = "left";
  context.fillStyle = muted ? colours.muted : colours.text;
  context.fillText(text, 2, middle, scale.left - 10);
}

function drawAxis(picture: HeadPicture): void {
  const { context, scale, colours } = picture;
  context.font = labelFont;
  context.textAlign = "center";
  for (const { ns, text } of timeTicks(scale.fromNs, scale.toNs, (scale.right - scale.left) / 110)) {
    const x = Math.round(scale.x(ns));
    context.fillStyle = colours.line;
    context.fillRect(x, axisHeight - 5, 1, 5);
    context.fillStyle = colours.muted;
    if (x > scale.left + 12 && x < scale.right - 18) context.fillText(text, x, 10);
  }
  context.fillStyle = colours.line;
  context.fillRect(scale.left, axisHeight - 1, scale.right - scale.left, 1);
  context.textAlign = "left";
}

function clipped(
  scale: TimeScale,
  fromNs: number,
  toNs: number,
): { readonly left: number; readonly right: number } | null {
  const left = Math.max(scale.x(fromNs), scale.left);
  const right = Math.min(scale.x(toNs), scale.right);
  return right < scale.left || left > scale.right || right < left ? null : { left, right: Math.max(right, left + 1.5) };
}

/** Text that is cut where its box ends. */
function boxText(context: Pen, text: string, left: number, right: number, middle: number): void {
  const room = right - left - 8;
  if (room < 14) return;
  let length = text.length;
  // Cut to the share that fits, then letter by letter: letters differ in width.
  const width = context.measureText(text).width;
  if (width > room) length = Math.min(length - 1, Math.ceil((room / width) * length));
  const cut = (): string => (length === text.length ? text : `${text.slice(0, length)}…`);
  while (length > 0 && context.measureText(cut()).width > room) length--;
  if (length > 0) context.fillText(cut(), left + 4, middle);
}

function drawPhases(picture: HeadPicture, top: number, spots: Spot[]): void {
  const { context, scale, colours, run } = picture;
  label(picture, "phase", top + phaseHeight / 2);
  for (const [index, { phase, fromNs, toNs }] of run.payload.phases.entries()) {
    const box = clipped(scale, fromNs, toNs);
    if (box === null) continue;
    context.fillStyle = index % 2 === 0 ? colours.grid : colours.line;
    context.fillRect(box.left, top + 2, box.right - box.left, phaseHeight - 4);
    context.fillStyle = colours.text;
    context.font = labelFont;
    boxText(context, phase.replace("-", " "), box.left, box.right, top + phaseHeight / 2 + 0.5);
    spots.push({
      ...box,
      top,
      bottom: top + phaseHeight,
      title: `phase: ${phase}`,
      lines: [`${seconds(fromNs)} – ${seconds(toNs)}`],
      span: { fromNs, toNs },
    });
  }
}

/** Requested → confirmed on and heal requested → confirmed off are thin: only the middle is certain. */
function drawFault(picture: HeadPicture, fault: PlacedFault, top: number, spots: Spot[]): void {
  const { context, scale, colours } = picture;
  const { record, fromNs, toNs } = fault;
  const box = clipped(scale, fromNs, toNs);
  if (box === null) return;
  const confirmed = record.confirmedOnNs !== null && record.state !== "void" && record.state !== "unconfirmed";
  const bottom = top + faultBar;
  context.fillStyle = colours.fault;
  context.fillRect(box.left, bottom - 2, box.right - box.left, 2);
  if (confirmed) {
    const sure = clipped(scale, record.confirmedOnNs ?? fromNs, record.healRequestedNs ?? toNs);
    if (sure !== null) context.fillRect(sure.left, top, sure.right - sure.left, bottom - top);
    context.fillStyle = colours["fault-text"];
  } else {
    context.fillStyle = colours.panel;
    context.fillRect(box.left, top, box.right - box.left, bottom - top);
    context.strokeStyle = colours.fault;
    context.setLineDash([4, 3]);
    context.lineWidth = 1.5;
    context.strokeRect(box.left + 0.75, top + 0.75, box.right - box.left - 1.5, bottom - top - 1.5);
    context.setLineDash([]);
    context.fillStyle = colours.text;
  }
  context.font = labelFont;
  const title = faultTitle(record);
  const target = targetText(record.targets);
  const room = Math.max(box.right, Math.min(scale.x(fault.labelUntilNs) - 4, scale.right));
  boxText(
    context,
    `${confirmed ? "" : record.state === "void" ? "∅ " : "? "}${faultShort(record)}`,
    box.left,
    room,
    (top + bottom) / 2 + 0.5,
  );
  context.fillStyle = colours.muted;
  context.font = smallFont;
  boxText(context, target, box.left - 3, room, bottom + 8);
  const time = (name: string, ns: number | null): string => `${name} ${ns === null ? "never" : seconds(ns)}`;
  spots.push({
    left: Math.min(box.left, box.right - 6),
    right: Math.max(box.right, box.left + 6),
    top,
    bottom,
    title: `fault ${record.fault}: ${title}`,
    lines: [
      target === "" ? "no target" : target,
      record.state,
      time("requested", record.requestedNs),
      time("confirmed on", record.confirmedOnNs),
      time("heal requested", record.healRequestedNs),
      time("confirmed off", record.confirmedOffNs),
    ],
    span: { fromNs, toNs },
  });
}

/** Trouble of a node is what the reader looks for; trouble of Minos itself is a warning. */
function markGlyph(mark: MarkRecord, colours: Palette): { readonly glyph: string; readonly colour: string } {
  if (mark.node === null)
    return mark.expected ? { glyph: "●", colour: colours.muted } : { glyph: "!", colour: colours.info };
  if (mark.what === "started") return { glyph: "▲", colour: colours.muted };
  if (mark.what === "leader-change") return { glyph: "◆", colour: colours.muted };
  return mark.expected ? { glyph: "▽", colour: colours.muted } : { glyph: "✕", colour: colours.bad };
}

function drawMarks(picture: HeadPicture, top: number, spots: Spot[]): void {
  const { context, scale, colours, run } = picture;
  label(picture, "events", top + marksHeight / 2);
  context.textAlign = "center";
  context.font = "bold 11px system-ui, sans-serif";
  for (const mark of run.payload.marks) {
    const x = scale.x(mark.timeNs);
    if (x < scale.left || x > scale.right) continue;
    const { glyph, colour } = markGlyph(mark, colours);
    context.fillStyle = colour;
    context.fillText(glyph, x, top + marksHeight / 2 + 0.5);
    const detail = mark.detail === null ? [] : [JSON.stringify(mark.detail).slice(0, 300)];
    const who = mark.node === null ? "Minos" : mark.node;
    spots.push({
      left: x - 5,
      right: x + 5,
      top,
      bottom: top + marksHeight,
      title: `${who}: ${mark.what}${mark.what === "exited" ? (mark.expected ? ", asked for" : ", not asked for") : ""}`,
      lines: [seconds(mark.timeNs), ...detail],
      span: null,
    });
  }
  context.textAlign = "left";
}

function roleText(record: LeaderRecord): string {
  if (record.role === "silent") return "does not answer";
  if (record.role === "leader") return "says it leads";
  return record.leader === null ? "follows nobody" : `follows ${record.leader}`;
}

/** A row for each member: a bar with its ballot while it says that it leads, a line while it follows, nothing while it is silent. */
function drawGroup(picture: HeadPicture, group: GroupRecord, top: number, spots: Spot[]): void {
  const { context, scale, colours, run } = picture;
  const narrow = scale.left < 100;
  context.font = labelFont;
  context.fillStyle = colours.muted;
  if (!narrow) context.fillText(`group ${group.group}`, 2, top + (group.nodes.length * memberHeight) / 2, 60);
  for (const [place, { node, records }] of group.nodes.entries()) {
    const laneTop = top + place * memberHeight;
    const middle = laneTop + memberHeight / 2;
    context.font = "9.5px system-ui, sans-serif";
    context.fillStyle = colours.muted;
    context.textAlign = "right";
    context.fillText(node, scale.left - 8, middle + 0.5, 60);
    context.textAlign = "left";
    for (const [index, record] of records.entries()) {
      const toNs = records[index + 1]?.timeNs ?? run.endNs;
      const box = clipped(scale, record.timeNs, toNs);
      if (box === null) continue;
      const width = box.right - box.left;
      if (record.role === "leader") {
        context.fillStyle = colours.leader;
        context.fillRect(box.left, laneTop + 1, width, memberHeight - 2);
        context.fillStyle = colours.panel;
        boxText(context, record.ballot, box.left - 2, box.right, middle + 0.5);
      } else if (record.role === "follower") {
        context.fillStyle = colours.line;
        context.fillRect(box.left, Math.round(middle) - 1, width, 1.5);
      }
      spots.push({
        ...box,
        top: laneTop,
        bottom: laneTop + memberHeight,
        title: `${node} in group ${group.group}: ${roleText(record)}`,
        lines: [
          `${seconds(record.timeNs)} – ${seconds(toNs)} (${duration(toNs - record.timeNs)})`,
          ...(record.ballot === "" ? [] : [`ballot ${record.ballot}`]),
        ],
        span: { fromNs: record.timeNs, toNs },
      });
    }
  }
}

/** Draws all of it and says what lies where. */
export function drawHead(picture: HeadPicture, height: number): readonly Spot[] {
  const { context, width, colours, run, faults } = picture;
  const spots: Spot[] = [];
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, width, height);
  context.textBaseline = "middle";
  drawAxis(picture);
  let top = axisHeight;
  if (run.payload.phases.length > 0) {
    drawPhases(picture, top, spots);
    top += phaseHeight;
  }
  const placed = placeFaults(faults);
  if (faults.length > 0) label(picture, "faults", top + faultBar / 2);
  for (const fault of placed) drawFault(picture, fault, top + fault.level * faultHeight, spots);
  top += levelsOf(placed) * faultHeight;
  if (run.payload.marks.length > 0) {
    drawMarks(picture, top, spots);
    top += marksHeight;
  }
  for (const group of run.payload.groups) {
    drawGroup(picture, group, top + groupGap / 2, spots);
    top += group.nodes.length * memberHeight + groupGap;
  }
  context.fillStyle = colours.line;
  context.fillRect(0, height - 1, width, 1);
  return spots;
}
