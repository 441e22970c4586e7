// Packs sections as they grow: whatever is longer than a chunk is deflated at once, so that a long history costs the memory of what it
// deflates to. Each chunk is deflated twice, with matches and by the frequency of its bytes alone: noise has matches that cost more than they save.
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { ByteWriter } from "./bytes.js";
import { deflatedChunk, joinChunks, readChunks, storedChunk } from "./sections.js";

/** Bytes of a section that are deflated together. */
const chunkBytes = 1 << 20;

interface Packed {
  readonly chunks: { readonly method: number; readonly length: number; readonly bytes: Uint8Array }[];
}

function smallest(raw: Uint8Array): { readonly method: number; readonly bytes: Uint8Array } {
  const tried = [constants.Z_DEFAULT_STRATEGY, constants.Z_HUFFMAN_ONLY].map((strategy) =>
    deflateRawSync(raw, { level: 9, strategy }),
  );
  const [least] = tried.toSorted((a, b) => a.length - b.length);
  return least === undefined || least.length >= raw.length
    ? { method: storedChunk, bytes: raw.slice() }
    : { method: deflatedChunk, bytes: least };
}

export class SectionPacker {
  readonly #sections: Packed[] = [];

  #packed(section: number): Packed {
    for (let next = this.#sections.length; next <= section; next++) this.#sections.push({ chunks: [] });
    return this.#sections[section] ?? { chunks: [] };
  }

  /** Adds to a section. */
  add(section: number, raw: Uint8Array): void {
    const { chunks } = this.#packed(section);
    for (let at = 0; at < raw.length; at += chunkBytes) {
      const part = raw.subarray(at, at + chunkBytes);
      chunks.push({ ...smallest(part), length: part.length });
    }
  }

  /** Empties the writers that are as long as a chunk; with `all`, every one. Their sections are counted from `first`. */
  drain(writers: readonly ByteWriter[], first: number, all: boolean): void {
    for (const [place, writer] of writers.entries()) {
      if (!all && writer.length < chunkBytes) continue;
      this.add(first + place, writer.take());
      writer.clear();
    }
  }

  /** The whole data. */
  join(): Uint8Array {
    const writer = new ByteWriter();
    writer.unsigned(this.#sections.length);
    for (const { chunks } of this.#sections) {
      writer.unsigned(chunks.length);
      for (const { method, length, bytes } of chunks) {
        writer.byte(method);
        writer.unsigned(length);
        writer.unsigned(bytes.length);
        writer.bytes(bytes);
      }
    }
    return writer.take();
  }
}

/** The sections of a report's data, for tests and tools: the page inflates by itself. */
export function unpackSections(data: Uint8Array): readonly Uint8Array[] {
  return readChunks(data).map((chunks) =>
    joinChunks(chunks.map((chunk) => ({ chunk, bytes: chunk.deflated ? inflateRawSync(chunk.bytes) : chunk.bytes }))),
  );
}
