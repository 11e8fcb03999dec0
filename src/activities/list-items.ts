import { createHash } from 'node:crypto';
import { z } from 'zod';
import { conforms, idSchema, misfitOf } from '../compliance-api/schemas';

/** The items of a page, by whether they have the promised shape. */
export interface Items<T> {
  fitting: T[];
  /** The ids of items that do not fit, but can be requested by their id. */
  named: string[];
  /** What is wrong with the first item that does not fit; null if all of them do. */
  odd: string | null;
}

/**
 * Separates a page's items that fit the schema from the malformed ones, which must not hide the others.
 *
 * @param byId Whether an `id` alone is enough to request an item.
 */
export function fittingItems<T>(
  data: readonly unknown[],
  schema: z.ZodType<T>,
  requestId: string | null,
  { byId = false } = {},
): Items<T> {
  const fitting: T[] = [];
  const named: string[] = [];
  let odd: string | null = null;
  for (const [index, item] of data.entries()) {
    if (conforms(schema, item)) fitting.push(item);
    else if (byId && conforms(namedSchema, item)) named.push(item.id);
    else odd ??= `item ${index} of a page is not what was promised, at ${misfitOf(schema, item)}${of(requestId)}`;
  }
  return { fitting, named, odd };
}

const namedSchema = z.looseObject({ id: idSchema });

const of = (requestId: string | null): string => (requestId === null ? '' : ` (request-id ${requestId})`);

/** A short hash that names a list's position by its page's last item; null for a page without items. */
export function placeOf(...marks: readonly unknown[]): string | null {
  if (marks.every((mark) => mark === undefined)) return null;
  return createHash('sha256').update(JSON.stringify(marks)).digest('hex').slice(0, 16);
}
