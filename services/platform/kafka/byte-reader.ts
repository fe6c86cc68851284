/** Reads values one after the other, as ByteWriter writes them. A class: one is made for each record, and costs next to nothing. */
export class ByteReader {
  readonly bytes: Buffer;
  /** Where the next value begins. */
  at: number;
  /** Where the last one ends. */
  readonly end: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** A signed varint of up to 32 bits, as Protocol Buffers write it (zigzag). @throws RangeError */
  varint(): number {
    let value = this.#byte();
    if (value > 0x7f) value = this.#longer(value & 0x7f);
    return (value >>> 1) ^ -(value & 1);
  }

  /** The same of up to 64 bits; exact up to 2^52. @throws RangeError */
  varlong(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 64; factor *= 128) {
      const next = this.#byte();
      value += (next & 0x7f) * factor;
      if (next <= 0x7f) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new RangeError("a varint has more than 64 bits");
  }

  /** The bytes whose number a varint tells, in the memory that is read; null when it is negative. @throws RangeError */
  field(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    this.skip(length);
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** @throws RangeError */
  skip(length: number): void {
    if (this.at + length > this.end) throw this.#tooShort();
    this.at += length;
  }

  #byte(): number {
    if (this.at >= this.end) throw this.#tooShort();
    return this.bytes[this.at++] as number;
  }

  #longer(value: number): number {
    for (let shift = 7; shift < 35; shift += 7) {
      const next = this.#byte();
      value |= (next & 0x7f) << shift;
      if (next <= 0x7f) return value;
    }
    throw new RangeError("a varint has more than 32 bits");
  }

  #tooShort(): RangeError {
    return new RangeError(`a value goes past byte ${this.end}`);
  }
}
