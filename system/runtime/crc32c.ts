// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), table-driven, eight bytes at a step ("slicing by 8", Kounavis and
// Berry, 2005). Plain JavaScript, because a node must start inside an image that holds nothing but Node.js itself.

const polynomial = 0x82f63b78;

/** tables[k * 256 + b]: the effect of byte b followed by k zero bytes. */
const tables = makeTables();

function makeTables(): Int32Array {
  const result = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    result[byte] = crc;
  }
  for (let slice = 1; slice < 8; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const previous = result[(slice - 1) * 256 + byte] ?? 0;
      result[slice * 256 + byte] = (result[previous & 0xff] ?? 0) ^ (previous >>> 8);
    }
  }
  return result;
}

/**
 * The checksum of `bytes[start, end)` as an unsigned 32-bit number. `seed` is the checksum of what came before, so that
 * crc32c(b, …, crc32c(a)) is that of a followed by b.
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, seed = 0): number {
  const table = tables;
  let crc = ~seed;
  let at = start;
  // The casts below are only there because an index may be undefined for the compiler; `at + 7 < end <= length` holds.
  for (; at + 8 <= end; at += 8) {
    const low =
      crc ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24));
    crc =
      (table[1792 + (low & 0xff)] as number) ^
      (table[1536 + ((low >>> 8) & 0xff)] as number) ^
      (table[1280 + ((low >>> 16) & 0xff)] as number) ^
      (table[1024 + (low >>> 24)] as number) ^
      (table[768 + (bytes[at + 4] as number)] as number) ^
      (table[512 + (bytes[at + 5] as number)] as number) ^
      (table[256 + (bytes[at + 6] as number)] as number) ^
      (table[bytes[at + 7] as number] as number);
  }
  for (; at < end; at++) crc = (table[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}
