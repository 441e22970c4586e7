// What a cluster reports, as the history keeps it.
import type { ClusterEvent } from "../cluster/index.js";
import type { OtherRecord } from "../history/index.js";

/** Lines of a dead node's log that the history keeps; the whole log is in the store. */
const tailLines = 20;

export function recordOfClusterEvent(event: ClusterEvent): OtherRecord {
  switch (event.type) {
    case "started": {
      const { node, pid, incarnation } = event;
      return { type: "node", node, what: "started", expected: true, detail: { pid, incarnation } };
    }
    case "exited": {
      const { node, code, signal, expected, logTail } = event;
      const detail = { code, signal, log_tail: expected ? [] : logTail.slice(-tailLines) };
      return { type: "node", node, what: "exited", expected, detail };
    }
    case "panic":
      return { type: "node", node: event.node, what: "panic", expected: false, detail: { line: event.line } };
    case "proxy-died":
      return { type: "runner", what: "proxy-died", detail: event.detail };
    case "notice":
      return { type: "runner", what: "note", detail: event.detail };
    case "error":
      return { type: "runner", what: "cluster-error", detail: event.detail };
  }
}
