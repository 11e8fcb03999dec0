import { createHash } from 'node:crypto';
import { z } from 'zod';
import { conforms, idSchema, misfitOf } from '../compliance-api/schemas';

/** What a list gave. */
export interface Items<T> {
  fitting: T[];
  /** Of those that do not fit, the ids by which they can be asked for all the same. */
  named: string[];
  /** What is wrong with the first item that does not fit; null if all of them do. */
  odd: string | null;
}

/**
 * Tells the items of a page that are as promised from those that are not: one of these must not keep the others away.
 *
 * @param byId Whether an `id` is enough to ask for an item.
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

/** A short name for the place in a list that its last item marks; null for a page without items. */
export function placeOf(...marks: readonly unknown[]): string | null {
  if (marks.every((mark) => mark === undefined)) return null;
  return createHash('sha256').update(JSON.stringify(marks)).digest('hex').slice(0, 16);
}
