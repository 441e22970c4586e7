// What can be taken out of the timeline: a picture of it, and its operations as a history file.
import { useState } from "preact/hooks";
import { plural } from "../format.js";
import type { Run } from "../load.js";
import type { ViewStore } from "../view.js";
import type { TimelineController } from "./controller.js";
import { historyFile, operationsInView, type ExportKind } from "./history-file.js";
import { pngOf, svgOf } from "./picture.js";

interface Properties {
  readonly run: Run;
  readonly store: ViewStore;
  readonly found: Int32Array | null;
  readonly controller: { readonly current: TimelineController | null };
}

/** Hands a file to the reader. Nothing leaves the page: the file is made in it. */
function hand(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function Export({ run, store, found, controller }: Properties) {
  const [said, setSaid] = useState("");
  const name = run.payload.run.id.replaceAll(/[^\w.-]+/g, "-").slice(0, 80);
  const guarded = async (make: () => Promise<string> | string): Promise<void> => {
    try {
      setSaid(await make());
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    }
  };
  const picture = async (kind: "png" | "svg"): Promise<string> => {
    const pictured = controller.current?.pictured();
    if (pictured === undefined) return "the timeline is not drawn yet";
    const content = kind === "png" ? await pngOf(pictured) : new Blob([svgOf(pictured)], { type: "image/svg+xml" });
    hand(`${name}.${kind}`, content);
    return `${name}.${kind}`;
  };
  const history = (kind: ExportKind): string => {
    const chosen = operationsInView(run, store.view, found);
    if (chosen.length === 0) return "no operation is in view";
    const file = historyFile(run, chosen, kind, store.view.toNs);
    if (!file.ok) return file.problem;
    hand(`${name}.jsonl`, new Blob([file.text], { type: "application/jsonl" }));
    return `${name}.jsonl, ${plural(file.operations, "operation")}`;
  };
  return (
    <details class="export">
      <summary>Export</summary>
      <div class="panel">
        <p>
          <button type="button" onClick={() => void guarded(async () => await picture("png"))}>
            Picture (PNG)
          </button>{" "}
          <button type="button" onClick={() => void guarded(async () => await picture("svg"))}>
            Picture (SVG)
          </button>
        </p>
        <p>
          <button type="button" onClick={() => void guarded(() => history("their keys"))}>
            History to check
          </button>{" "}
          <span class="muted">
            all of the run until the end of the view, on the keys of the operations in view or found there; for{" "}
            <code>minos check</code>
          </span>
        </p>
        <p>
          <button type="button" onClick={() => void guarded(() => history("these"))}>
            These operations
          </button>{" "}
          <span class="muted">only those in view, or found there: without what came before, they cannot be judged</span>
        </p>
        <p role="status">{said}</p>
      </div>
    </details>
  );
}
