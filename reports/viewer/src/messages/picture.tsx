// The space-time diagram itself: a lane for each node (and for the clients of the story), time downwards, messages as slanted lines from
// their sending to their arrival. What the story is about is drawn in full ink and numbered; the rest is faint.
import type { FaultSpan } from "../faults.js";
import type { Step } from "../../../trace/steps.js";
import { faultTitle, targetText } from "../faults.js";
import { duration } from "../format.js";
import type { MessageAxis } from "./axis.js";
import type { DrawnMark, DrawnMessage, DrawnRequest, DrawnWrite, LaneStretch } from "./shapes.js";

/** What can be pointed at; `key` is unique. */
export interface Item {
  readonly key: string;
  readonly timeNs: number;
  readonly title: string;
  readonly text: string;
}

export interface Lane {
  readonly name: string;
  readonly x: number;
  readonly client: boolean;
}

export interface PictureProperties {
  readonly axis: MessageAxis;
  readonly lanes: readonly Lane[];
  readonly left: number;
  readonly right: number;
  readonly messages: readonly DrawnMessage[];
  readonly requests: readonly DrawnRequest[];
  readonly stretches: readonly LaneStretch[];
  readonly writes: readonly DrawnWrite[];
  readonly marks: readonly DrawnMark[];
  readonly faults: readonly FaultSpan[];
  readonly steps: readonly { readonly step: Step; readonly number: number }[];
  readonly fromNs: number;
  readonly toNs: number;
  readonly originNs: number;
  readonly selected: string | null;
  readonly active: number | null;
  select(key: string | null): void;
}

/** Name of a client's lane. */
export const clientLane = (thread: number): string => `client ${thread}`;

export const headHeight = 34;
const footHeight = 14;

export const messageKey = ({ id }: DrawnMessage): string => `m${id}`;
export const requestKey = ({ thread, way, sentNs }: DrawnRequest): string => `r${thread} ${way} ${sentNs}`;
export const writeKey = ({ node, fromNs }: DrawnWrite): string => `w${node} ${fromNs}`;
export const markKey = ({ node, timeNs, what }: DrawnMark): string => `k${node} ${timeNs} ${what}`;

/** Where a message that never arrived breaks off: so far to its receiver, and so far down. */
const lostShare = 0.45;
const lostDownPx = 12;
/** Labels on one lane stay so far apart. */
const labelGapPx = 12;

export function Picture(properties: PictureProperties) {
  const { axis, lanes, left, right, fromNs, toNs, selected, select } = properties;
  const y = (ns: number): number => headHeight + axis.y(ns);
  const bottom = headHeight + axis.height;
  const laneOf = new Map(lanes.map((lane) => [lane.name, lane]));
  const x = (name: string): number => laneOf.get(name)?.x ?? left;
  const pick = (key: string) => ({
    "data-key": key,
    class: selected === key ? "picked" : "",
    onPointerEnter: () => select(key),
    onClick: () => select(key),
  });
  return (
    <svg width={right} height={bottom + footHeight} aria-hidden="true">
      <Faults {...properties} y={y} bottom={bottom} />
      <Shortened {...properties} />
      <Ticks {...properties} y={y} />
      {properties.steps.map(({ step, number }) => (
        <line
          key={number}
          x1={left}
          x2={right}
          y1={y(step.timeNs)}
          y2={y(step.timeNs)}
          class={properties.active === number ? "leader-line on" : "leader-line"}
        />
      ))}
      {lanes.map(({ name, x: at, client }) => (
        <g key={name} class={client ? "lane client" : "lane"}>
          <line x1={at} x2={at} y1={headHeight - 4} y2={bottom + 4} />
          <text x={at} y={17} text-anchor="middle">
            {client && lanes.length > 1 && (lanes[1]?.x ?? 0) - (lanes[0]?.x ?? 0) < 60
              ? name.replace("client ", "c")
              : name}
          </text>
        </g>
      ))}
      {properties.stretches.map((stretch) => {
        const from = Math.max(stretch.fromNs, fromNs);
        const to = Math.min(stretch.toNs, toNs);
        if (to <= from || stretch.look === "follower" || stretch.look === "unknown") return null;
        const at = x(stretch.node);
        const width = stretch.look === "leader" ? 9 : 7;
        return (
          <rect
            key={`${stretch.node}${stretch.fromNs}`}
            x={at - width / 2}
            y={y(from)}
            width={width}
            height={Math.max(2, y(to) - y(from))}
            class={`stretch ${stretch.look}`}
          >
            <title>
              {stretch.node} {stretch.look} {stretch.ballot}
            </title>
          </rect>
        );
      })}
      {properties.messages.map((message) => (
        <Message key={message.id} message={message} x={x} y={y} pick={pick} active={properties.active} toNs={toNs} />
      ))}
      {properties.requests.map((request) => {
        const client = x(clientLane(request.thread));
        const node = x(request.node);
        const [from, to] = request.way === "to node" ? [client, node] : [node, client];
        const y1 = y(request.sentNs);
        const y2 = request.receivedNs === null ? y1 + lostDownPx : y(request.receivedNs);
        const key = requestKey(request);
        return (
          <g key={key} {...pick(key)}>
            <line x1={from} y1={y1} x2={to} y2={y2} class="hit" />
            <line x1={from} y1={y1} x2={to} y2={y2} class="message told clients" marker-end="url(#tip)" />
            <Label x1={from} y1={y1} x2={to} y2={y2} text={request.text} />
          </g>
        );
      })}
      {properties.writes.map((write) => {
        const key = writeKey(write);
        const at = x(write.node) + 8;
        const y1 = y(Math.max(write.fromNs, fromNs));
        const y2 = write.toNs === null ? y1 + 8 : y(Math.min(write.toNs, toNs));
        return (
          <g key={key} {...pick(key)}>
            <rect x={at - 3} y={y1 - 2} width="6" height={Math.max(4, y2 - y1) + 4} class="hit-area" />
            <line x1={at} x2={at} y1={y1} y2={y2} class={`write ${write.end.replace(" ", "-")}`} />
            {write.fromNs >= fromNs && <rect x={at - 2} y={y1 - 2} width="4" height="4" class="write-begin" />}
            {write.end === "durable" && write.toNs !== null && write.toNs <= toNs && (
              <rect x={at - 2.5} y={y2 - 2.5} width="5" height="5" class="write-durable" />
            )}
            {(write.end === "lost" || write.end === "torn") && (
              <path d={`M${at - 4},${y2 - 4} l8,8 M${at + 4},${y2 - 4} l-8,8`} class="lost-cross" />
            )}
          </g>
        );
      })}
      <Marks {...properties} x={x} y={y} pick={pick} />
      {properties.steps.map(({ step, number }, index) => {
        const name = step.thread === undefined ? (step.node ?? "") : clientLane(step.thread);
        // Several of one moment and lane stand side by side.
        const before = properties.steps
          .slice(0, index)
          .filter(({ step: other }) => other.timeNs === step.timeNs && other.node === step.node).length;
        const at = (laneOf.has(name) ? x(name) : left - 16) + before * 24;
        const top = y(step.timeNs);
        const on = properties.active === number;
        return (
          <g key={number} class={`disc ${step.kind}${on ? " on" : ""}`}>
            {step.kind === "wrong" && <circle cx={at} cy={top} r="13" class="ring" />}
            <circle cx={at} cy={top} r="9.5" />
            <text x={at} y={top + 4} text-anchor="middle">
              {number}
            </text>
          </g>
        );
      })}
      <defs>
        {["tip", "tip-wrong", "tip-faint"].map((id) => (
          <marker key={id} id={id} viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0,0.8 L7.5,4 L0,7.2 z" class={id} />
          </marker>
        ))}
      </defs>
    </svg>
  );
}

interface Placed {
  x(name: string): number;
  y(ns: number): number;
  pick(key: string): Readonly<Record<string, unknown>>;
}

function Message({
  message,
  x,
  y,
  pick,
  active,
  toNs,
}: Placed & { readonly message: DrawnMessage; readonly active: number | null; readonly toNs: number }) {
  const { from, to, sentNs, receivedNs, step, topic, kind, fate, overtaken } = message;
  const lost = receivedNs === null;
  const x1 = x(from);
  const y1 = y(sentNs);
  const x2 = lost ? x1 + (x(to) - x1) * lostShare : x(to);
  const y2 = lost ? y1 + lostDownPx : y(receivedNs);
  const told = step !== null;
  const key = messageKey(message);
  const style = `message ${topic}${told ? " told" : ""}${told && step === active ? " on" : ""}${fate === "held by a cut" ? " held" : ""}`;
  const late = fate === "held by a cut" && !lost ? ` (held ${duration(receivedNs - sentNs)})` : "";
  const label = `${kind}${late}${overtaken && late === "" ? " (overtaken)" : ""}`;
  return (
    <g {...pick(key)}>
      <line x1={x1} y1={y1} x2={x2} y2={y2} class="hit" />
      <line
        x1={x1}
        y1={y1}
        x2={x2}
        y2={y2}
        class={style}
        marker-end={lost ? undefined : told ? "url(#tip)" : "url(#tip-faint)"}
      />
      {lost && <path d={`M${x2 - 4},${y2 - 4} l8,8 M${x2 + 4},${y2 - 4} l-8,8`} class="lost-cross" />}
      {(told || overtaken) && (receivedNs ?? 0) <= toNs && <Label x1={x1} y1={y1} x2={x2} y2={y2} text={label} />}
    </g>
  );
}

/** Written along a line, near its middle. */
function Label({ x1, y1, x2, y2, text }: { x1: number; y1: number; x2: number; y2: number; readonly text: string }) {
  const share = 0.5;
  return (
    <text x={x1 + (x2 - x1) * share} y={y1 + (y2 - y1) * share - 4} class="line-label" text-anchor="middle">
      {text.slice(0, 44)}
    </text>
  );
}

function Marks({ marks, x, y, pick }: PictureProperties & Placed) {
  const lastY = new Map<string, number>();
  return (
    <>
      {marks.map((mark) => {
        const at = x(mark.node);
        const top = y(mark.timeNs);
        const key = markKey(mark);
        const side = mark.what === "decided" ? "decided" : "promised";
        const name = `${mark.node} ${side}`;
        const room = top - (lastY.get(name) ?? Number.NEGATIVE_INFINITY) >= labelGapPx;
        if (room) lastY.set(name, top);
        const sign = mark.what === "crash" || mark.what === "wrong" || mark.what === "start";
        return (
          <g key={key} {...pick(key)}>
            <rect x={at - 7} y={top - 4} width="14" height="8" class="hit-area" />
            <line x1={at - 5} x2={at + 5} y1={top} y2={top} class={`mark ${mark.what}`} />
            {sign ? (
              <text x={at} y={top + 5} text-anchor="middle" class={`mark-sign ${mark.what}`}>
                {mark.label}
              </text>
            ) : (
              room && (
                <text
                  x={mark.what === "promised" ? at - 8 : at + 14}
                  y={top + 4}
                  text-anchor={mark.what === "promised" ? "end" : "start"}
                  class={`mark-label ${mark.what}`}
                >
                  {mark.label}
                </text>
              )
            )}
          </g>
        );
      })}
    </>
  );
}

function Faults({
  faults,
  fromNs,
  toNs,
  left,
  right,
  lanes,
  y,
  bottom,
}: PictureProperties & { y(ns: number): number; readonly bottom: number }) {
  return (
    <>
      {faults.map(({ record, fromNs: from, toNs: to, nodes }) => {
        const top = from <= fromNs ? headHeight - 6 : y(from);
        const end = to >= toNs ? bottom + 6 : y(to);
        const own = lanes.filter(({ name }) => nodes.has(name));
        const whole = record.kind === "partition" || own.length === 0;
        const x1 = whole ? left - 4 : Math.min(...own.map((lane) => lane.x)) - 18;
        const x2 = whole ? right : Math.max(...own.map((lane) => lane.x)) + 18;
        return (
          <g key={record.fault} class="fault">
            <rect x={x1} y={top} width={x2 - x1} height={Math.max(2, end - top)} class="fault-band" />
            <rect x={x1} y={top} width="3" height={Math.max(2, end - top)} class="fault-edge" />
            <text x={x1 + 7} y={Math.min(top + 12, end - 2)} class="fault-text">
              {faultTitle(record)} {record.targets.length > 4 ? "" : targetText(record.targets)}
            </text>
          </g>
        );
      })}
    </>
  );
}

function Shortened({ axis, left }: PictureProperties) {
  return (
    <>
      {axis.shortened.map(({ fromY, toY, gapNs }) => {
        const middle = headHeight + (fromY + toY) / 2;
        return (
          <text key={fromY} x={left - 30} y={middle + 4} text-anchor="end" class="gap-text">
            ⋮ {duration(gapNs)}
          </text>
        );
      })}
    </>
  );
}

/** Times beside the stops: whole ones first, as differences from the first. */
function Ticks({ axis, left, right, originNs, y }: PictureProperties & { y(ns: number): number }) {
  let last = Number.NEGATIVE_INFINITY;
  return (
    <>
      {axis.stops.map(({ ns }) => {
        const top = y(ns);
        if (top - last < 15) return null;
        last = top;
        return (
          <g key={ns}>
            <line x1={left - 6} x2={right} y1={top} y2={top} class="tick-line" />
            <text x={left - 30} y={top + 4} text-anchor="end" class="tick">
              {((ns - originNs) / 1e6).toFixed(3)}
            </text>
          </g>
        );
      })}
    </>
  );
}
