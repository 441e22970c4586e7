// Messages: the space-time diagram of a simulated run around its cause, the story beside it sentence by sentence, filters, and the same
// as text. It has a time of its own, apart from the other pictures: here microseconds matter.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Diagram } from "../../../trace/diagram.js";
import { faultsDuring, faultSpans } from "../faults.js";
import { duration, plural } from "../format.js";
import type { Run } from "../load.js";
import { messageAxis, sampled, sentenceHeight, type Stop } from "./axis.js";
import { useGestures } from "./gestures.js";
import { inView, itemsOf, topics, type InView, type Topic } from "./in-view.js";
import { clientLane, headHeight, Picture, type Lane } from "./picture.js";
import { shapesOf } from "./shapes.js";
import { linesOf } from "./trace-lines.js";

const gutter = 118;
const narrowGutter = 92;
const captionWidth = 400;
const narrowPx = 940;
const leastHeight = 460;
const textLinesMax = 400;

interface Window {
  readonly fromNs: number;
  readonly toNs: number;
}

/** No closer than this. */
const spanMinNs = 20_000;

export function Messages({ run }: { readonly run: Run }) {
  const { diagram } = run.payload;
  if (diagram === null) return null;
  return (
    <section id="messages" aria-labelledby="messages-title">
      <div class="section-head">
        <h2 id="messages-title">Messages</h2>
        <p class="muted">
          what happened inside, in virtual time
          {diagram.leftOut > 0 && ` · ${plural(diagram.leftOut, "event")} further away are in trace.jsonl only`}
        </p>
      </div>
      {diagram.story?.cause != null && (
        <p class="cause">
          <strong>Cause:</strong> {diagram.story.cause}
        </p>
      )}
      <Body run={run} diagram={diagram} />
    </section>
  );
}

function useWidth(): readonly [{ readonly current: HTMLDivElement | null }, number] {
  const holder = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const resize = new ResizeObserver(() => setWidth(element.clientWidth));
    resize.observe(element);
    setWidth(element.clientWidth);
    return () => resize.disconnect();
  }, []);
  return [holder, width];
}

function Body({ run, diagram }: { readonly run: Run; readonly diagram: Diagram }) {
  const shapes = useMemo(() => shapesOf(diagram), [diagram]);
  const [shown, setShown] = useState<ReadonlySet<Topic>>(new Set(["agreement", "disk"]));
  const [window, setWindow] = useState<Window>({ fromNs: diagram.fromNs, toNs: diagram.toNs });
  const [selected, setSelected] = useState<string | null>(null);
  const [active, setActive] = useState<number | null>(null);
  const [holder, width] = useWidth();
  const { fromNs, toNs } = window;
  const view = useMemo(() => inView(diagram, shapes, shown, fromNs, toNs), [diagram, shapes, shown, fromNs, toNs]);
  const narrow = width < narrowPx;
  const right = Math.max(280, narrow ? width : width - captionWidth);
  const axis = useMemo(
    () => messageAxis(fromNs, toNs, stopsOf(view, narrow), leastHeight),
    [view, narrow, fromNs, toNs],
  );
  const lanes = lanesOf(diagram, narrow ? narrowGutter : gutter, right);
  const items = useMemo(() => itemsOf(view), [view]);
  const item = items.find(({ key }) => key === selected) ?? null;
  const first = diagram.events[0]?.time_ns ?? 0;
  const last = diagram.events.at(-1)?.time_ns ?? 0;

  const show = (from: number, to: number): void => {
    const span = Math.min(Math.max(to - from, spanMinNs), last - first);
    const begin = Math.min(Math.max((from + to) / 2 - span / 2, first), last - span);
    setWindow({ fromNs: begin, toNs: begin + span });
  };
  const zoom = (factor: number, aboutNs?: number): void => {
    const middle = axis.y(aboutNs ?? axis.ns(axis.height / 2));
    if (factor < 1) show(axis.ns(middle * (1 - factor)), axis.ns(middle + (axis.height - middle) * factor));
    else show(fromNs - (toNs - fromNs) * (factor - 1) * 0.5, toNs + (toNs - fromNs) * (factor - 1) * 0.5);
  };
  const pan = (share: number): void => {
    const by = share > 0 ? axis.ns(axis.height * share) - fromNs : axis.ns(axis.height * (1 + share)) - toNs;
    show(fromNs + by, toNs + by);
  };
  const toCause = (): void => setWindow({ fromNs: diagram.fromNs, toNs: diagram.toNs });
  const step = (by: 1 | -1): void => {
    const at = items.findIndex(({ key }) => key === selected);
    const next = items[at === -1 ? (by === 1 ? 0 : items.length - 1) : at + by];
    if (next !== undefined) setSelected(next.key);
  };
  useGestures(holder, {
    zoom: (factor, y) => zoom(factor, axis.ns(y - headHeight)),
    drag: (fromY, toY) => {
      const by = axis.ns(fromY - headHeight) - axis.ns(toY - headHeight);
      show(fromNs + by, toNs + by);
    },
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts: Readonly<Record<string, () => void>> = {
      ArrowDown: () => step(1),
      ArrowUp: () => step(-1),
      PageDown: () => pan(0.5),
      PageUp: () => pan(-0.5),
      "+": () => zoom(0.5, item?.timeNs),
      "=": () => zoom(0.5, item?.timeNs),
      "-": () => zoom(2),
      "0": toCause,
      Escape: () => setSelected(null),
    };
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  return (
    <>
      <div class="toolbar">
        <div class="buttons">
          <button type="button" onClick={() => zoom(0.5, item?.timeNs)}>
            Closer (+)
          </button>
          <button type="button" onClick={() => zoom(2)}>
            Further (−)
          </button>
          <button type="button" onClick={() => pan(-0.5)}>
            Earlier
          </button>
          <button type="button" onClick={() => pan(0.5)}>
            Later
          </button>
          <button type="button" onClick={toCause}>
            {diagram.story === null ? "Where it began" : "The cause"} (0)
          </button>
        </div>
        <fieldset class="topics">
          <legend class="hidden">What is shown around the story</legend>
          {topics.map(({ topic, title }) => (
            <label key={topic}>
              <input
                type="checkbox"
                checked={shown.has(topic)}
                onChange={() => {
                  const next = new Set(shown);
                  if (!next.delete(topic)) next.add(topic);
                  setShown(next);
                }}
              />{" "}
              <span class={`topic-line ${topic}`} aria-hidden="true" /> {title}
            </label>
          ))}
        </fieldset>
      </div>
      <div
        class={narrow ? "space-time narrow" : "space-time"}
        ref={holder}
        tabIndex={0}
        role="group"
        aria-label={`Space-time diagram, ${plural(items.length, "event")} in view. Arrow keys go from event to event, plus and minus zoom, 0 shows the cause; the story stands beside it in sentences.`}
        onKeyDown={onKeyDown}
      >
        {width > 0 && (
          <Picture
            {...view}
            axis={axis}
            lanes={lanes}
            left={narrow ? narrowGutter : gutter}
            right={right}
            faults={faultsDuring(faultSpans(run.payload.faults, run.endNs), fromNs, toNs)}
            fromNs={fromNs}
            toNs={toNs}
            originNs={0}
            selected={selected}
            active={active}
            select={setSelected}
          />
        )}
        {view.steps.length > 0 && (
          <ol class="story" style={narrow ? {} : { left: `${right + 8}px`, width: `${captionWidth - 12}px` }}>
            {view.steps.map(({ step: { text, timeNs, kind }, number }) => (
              <li
                key={number}
                class={kind}
                style={narrow ? {} : { top: `${headHeight + axis.y(timeNs) - 11 + (view.shift.get(number) ?? 0)}px` }}
              >
                <button
                  type="button"
                  class="plain"
                  onFocus={() => setActive(number)}
                  onBlur={() => setActive(null)}
                  onPointerEnter={() => setActive(number)}
                  onPointerLeave={() => setActive(null)}
                  onClick={() => show(timeNs - 1.5e6, timeNs + 1.5e6)}
                  title="Look closer"
                >
                  <span class="badge">{number}</span> {kind === "wrong" && <strong>Wrong: </strong>}
                  {text}
                </button>
              </li>
            ))}
          </ol>
        )}
      </div>
      <p class="event-details" aria-live="polite">
        {item === null ? (
          <span class="muted">
            Milliseconds of virtual time; the axis is shortened where nothing happens. Point at a line or mark, or use
            the arrow keys; Ctrl and the wheel zoom, the mouse drags.
          </span>
        ) : (
          <>
            <strong>{(item.timeNs / 1e6).toFixed(6)} ms</strong> {item.title}: <span class="value">{item.text}</span>
          </>
        )}
      </p>
      <Legend />
      {view.leftOut > 0 && (
        <p class="muted">{plural(view.leftOut, "more message")} of this stretch are not drawn: look closer.</p>
      )}
      <AsText diagram={diagram} view={view} fromNs={fromNs} toNs={toNs} />
    </>
  );
}

function AsText({
  diagram,
  view,
  fromNs,
  toNs,
}: {
  readonly diagram: Diagram;
  readonly view: InView;
  readonly fromNs: number;
  readonly toNs: number;
}) {
  const [open, setOpen] = useState(false);
  const lines = open ? linesOf(diagram.events, view.shown, fromNs, toNs, textLinesMax) : [];
  return (
    <details class="alternative" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The same as text ({duration(toNs - fromNs)} in view)</summary>
      <pre tabIndex={0}>{lines.join("\n")}</pre>
      {lines.length === textLinesMax && (
        <p class="muted">The first {textLinesMax} lines; minos replay FILE --trace prints all.</p>
      )}
    </details>
  );
}

function Legend() {
  return (
    <ul class="legend messages-legend">
      <li>
        <span class="look leader" /> leads
      </li>
      <li>
        <span class="look candidate" /> asks for promises
      </li>
      <li>
        <span class="look down" /> down
      </li>
      <li>
        <span class="look paused" /> stopped
      </li>
      <li>▫┃▪ written, then durable</li>
      <li>
        <span class="cross">✕</span> never arrived, or lost in a crash
      </li>
      <li>
        <code>2.n3</code> left of a lane: promised ballot
      </li>
      <li>
        <code>✓5</code> right of it: entries decided
      </li>
    </ul>
  );
}

/** Lanes of the story's clients at the left, then the nodes. */
function lanesOf({ story, nodes }: Diagram, left: number, right: number): readonly Lane[] {
  const names = [
    ...(story?.threads ?? []).map((thread) => ({ name: clientLane(thread), client: true })),
    ...nodes.map((name) => ({ name, client: false })),
  ];
  const gap = (right - left - 40) / names.length;
  return names.map((lane, at) => ({ ...lane, x: left + 16 + gap * (at + 0.5) }));
}

/** Moments that the axis holds apart: the story's, with room for its sentences, or else a sample of what there is. */
function stopsOf(view: InView, narrow: boolean): readonly Stop[] {
  const stops: Stop[] = [];
  for (const { step } of view.steps) {
    const room = narrow ? 30 : sentenceHeight(step.text, captionWidth - 50);
    const same = stops.findIndex(({ ns }) => ns === step.timeNs);
    const before = stops[same];
    if (before === undefined) stops.push({ ns: step.timeNs, room });
    else stops[same] = { ns: before.ns, room: before.room + room };
  }
  const told = view.messages.filter(({ step }) => step !== null);
  for (const { sentNs, receivedNs } of told) {
    stops.push({ ns: sentNs, room: 20 });
    if (receivedNs !== null) stops.push({ ns: receivedNs, room: 20 });
  }
  for (const { sentNs, receivedNs } of view.requests)
    for (const ns of [sentNs, receivedNs]) if (ns !== null) stops.push({ ns, room: 16 });
  const wanted = Math.max(0, 26 - stops.length);
  return [...stops, ...sampled(view.times, wanted).map((ns) => ({ ns, room: 8 }))];
}
