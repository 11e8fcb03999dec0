import { createHmac } from 'node:crypto';
import { ApiError } from './errors';
import type { Position } from './sorted-index';

const SIGNATURE_LENGTH = 12;

/**
 * Makes and reads cursors. A cursor is bound to what it was made for (the list and its sort key) and
 * signed, so that a made-up one is refused. It names a place in the order, not an item: it outlives the
 * item's move or removal. The same seed reads the same cursors, also after a restart.
 */
export class Cursors {
  /** Every cursor, however young, is refused. */
  expired = false;

  constructor(private readonly seed: string) {}

  make(list: string, position: Position): string {
    const place = Buffer.from(JSON.stringify([list, position.key, position.id]));
    return Buffer.concat([this.sign(place), place]).toString('base64url');
  }

  read(parameter: string, list: string, cursor: string): Position {
    if (this.expired) throw new ApiError(400, `${parameter}: the cursor has expired`);
    const bytes = Buffer.from(cursor, 'base64url');
    const place = bytes.subarray(SIGNATURE_LENGTH);
    if (bytes.toString('base64url') !== cursor || !this.sign(place).equals(bytes.subarray(0, SIGNATURE_LENGTH))) {
      throw new ApiError(400, `${parameter}: invalid cursor`);
    }
    const [madeFor, key, id] = JSON.parse(place.toString()) as [string, number, string];
    if (madeFor !== list) throw new ApiError(400, `${parameter}: the cursor belongs to another list or order`);
    return { key, id };
  }

  private sign(place: Buffer): Buffer {
    return createHmac('sha256', `cursors of ${this.seed}`).update(place).digest().subarray(0, SIGNATURE_LENGTH);
  }
}
