// Ctrl-C: the first asks for a clean end (heal, stop, save, judge), a second one leaves at once.
import { setMaxListeners } from "node:events";

export interface Interrupt {
  readonly signal: AbortSignal;
  release(): void;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** `onFirst` tells the user what happens now; `onSecond` must end the process. */
export function listenForInterrupt(onFirst: () => void, onSecond: () => void): Interrupt {
  const controller = new AbortController();
  // A cluster of many nodes asks its engine for many things at a time, each of which listens.
  setMaxListeners(0, controller.signal);
  const listener = (): void => {
    if (controller.signal.aborted) {
      onSecond();
      return;
    }
    onFirst();
    controller.abort();
  };
  for (const name of signals) process.on(name, listener);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of signals) process.off(name, listener);
    },
  };
}
