// The sections of a report's data on their way into the page: each is a list of chunks, deflated where that makes them smaller. Read here
// without Node and without the DOM; `pack-sections.ts` writes them.
import { ByteReader } from "./bytes.js";

export const storedChunk = 0;
export const deflatedChunk = 1;

export interface Chunk {
  readonly deflated: boolean;
  /** As it travels. */
  readonly bytes: Uint8Array;
  /** Of what it stands for, bytes. */
  readonly length: number;
}

/** The chunks of each section, still deflated. Throws a RangeError when the data is not whole. */
export function readChunks(data: Uint8Array): readonly (readonly Chunk[])[] {
  const reader = new ByteReader(data);
  const sections = Array.from({ length: reader.unsigned() }, () => {
    const chunks: Chunk[] = [];
    for (let left = reader.unsigned(); left > 0; left--) {
      const deflated = reader.byte() === deflatedChunk;
      const length = reader.unsigned();
      chunks.push({ deflated, length, bytes: reader.bytes(reader.unsigned()) });
    }
    return chunks;
  });
  if (!reader.atEnd) throw new RangeError("the report's data goes on after its last section");
  return sections;
}

/** A section in one piece, from chunks that were inflated meanwhile. */
export function joinChunks(chunks: readonly { readonly chunk: Chunk; readonly bytes: Uint8Array }[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, { chunk }) => sum + chunk.length, 0));
  let at = 0;
  for (const { chunk, bytes } of chunks) {
    if (bytes.length !== chunk.length) throw new RangeError("a section of the report's data has another length");
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}
