import { createHmac } from 'node:crypto';
import { ApiError } from './errors';
import type { Position } from './sorted-index';

const SIGNATURE_LENGTH = 12;

/**
 * Makes and reads cursors. A cursor is signed and bound to its list and sort key. It holds a position, not an item, so
 * it stays valid when the item moves or is removed. Cursors of one seed stay valid after a restart.
 */
export class Cursors {
  /** Set, `read` refuses every cursor as expired. */
  expired = false;

  constructor(private readonly seed: string) {}

  /** @param list The list and its order, which `read` compares. */
  make(list: string, position: Position): string {
    const place = Buffer.from(JSON.stringify([list, position.key, position.id]));
    return Buffer.concat([this.sign(place), place]).toString('base64url');
  }

  /** @param parameter The cursor's query parameter, for messages. @throws ApiError 400 if the cursor is refused */
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
