import { parseIsoTime } from '../domain/iso-time';
import type { PauseRequest, RewindRequest } from './messages';

/** The most characters of a reason: it is in the state, so in each run's input and in the memo. */
export const LONGEST_REASON = 200;

/**
 * The read functions check an update's argument, which Temporal's Web UI or CLI may send with any value. They run in
 * the validator too, so a refused update leaves nothing in the history. They fill in defaults and normalize times.
 *
 * @throws Error that says what is expected.
 */
export function readSync(value: unknown): void {
  fieldsOf(value, ['by'], 'sync');
}

export const readPause = (value: unknown): Required<PauseRequest> => readReason(value, 'pause');

export const readResume = (value: unknown): Required<PauseRequest> => readReason(value, 'resume');

function readReason(value: unknown, update: string): Required<PauseRequest> {
  const { reason } = fieldsOf(value, ['reason'], update);
  return { reason: textOf(reason, 'reason') };
}

/** @param now The workflow's clock, ms. */
export function readRewind(value: unknown, now: number): Required<RewindRequest> {
  const { to, skip = false, reason } = fieldsOf(value, ['to', 'skip', 'reason'], 'rewind');
  const time = typeof to === 'string' ? parseIsoTime(to) : undefined;
  if (time === undefined)
    throw new Error('rewind: `to` is an ISO 8601 date or time, as {"to": "2026-04-08T14:30:00Z"}');
  if (Date.parse(time) > now) throw new Error('rewind: `to` is in the future');
  if (typeof skip !== 'boolean') throw new Error('rewind: `skip` is true or false');
  return { to: time, skip, reason: textOf(reason, 'reason') };
}

/** @param now The workflow's clock, ms. */
export function readRewindDelivery(value: unknown, now: number): { to: string; refused: false } | { refused: true } {
  const { to, refused = false } = fieldsOf(value, ['to', 'refused'], 'rewind');
  if (refused === true && to === undefined) return { refused };
  const time = typeof to === 'string' && refused === false ? parseIsoTime(to) : undefined;
  if (time === undefined) {
    throw new Error('rewind: either `to`, an ISO 8601 date or time, as {"to": "2026-04-08"}, or {"refused": true}');
  }
  if (Date.parse(time) > now) throw new Error('rewind: `to` is in the future');
  return { to: time, refused: false };
}

/** No argument counts as an empty object. An unknown field may be misspelt: it is refused, and not quoted. */
function fieldsOf<Name extends string>(
  value: unknown,
  names: readonly Name[],
  update: string,
): { [K in Name]?: unknown } {
  const given: unknown = value ?? {};
  if (!isPlain(given) || Object.keys(given).some((name) => !names.some((known) => known === name))) {
    const fields = names.map((name) => `\`${name}\``).join(', ');
    throw new Error(`${update} takes one object, with ${fields} at most`);
  }
  return given;
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

function textOf(value: unknown, name: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string' || value.length > LONGEST_REASON) {
    throw new Error(`\`${name}\` is a text of at most ${LONGEST_REASON} characters`);
  }
  return value;
}
