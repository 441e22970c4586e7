// Scratch memory that counts what it lends, for tests of what is not done: work that changes no answer shows in memory only.
import { Scratch } from "../scratch.js";

export class CountingScratch extends Scratch {
  numbers = 0;

  override int32(length: number): Int32Array {
    this.numbers += length;
    return super.int32(length);
  }

  override float64(length: number): Float64Array {
    this.numbers += length;
    return super.float64(length);
  }

  override uint8(length: number): Uint8Array {
    this.numbers += length;
    return super.uint8(length);
  }
}
