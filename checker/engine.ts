// What every search engine answers for one key.

export type EngineAnswer =
  /** `order`: positions in the list of operations given, a linearization. */
  | { readonly valid: true; readonly order: readonly number[] }
  /** `stuck`: position of the operation whose return no configuration survives, where the engine knows it. */
  | { readonly valid: false; readonly stuck: number | null };
