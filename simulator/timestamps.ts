/** The precision in which a server stores and shows times. */
export type Precision = 'seconds' | 'millis' | 'micros';

/** Whole microseconds since 1970. */
export type Micros = number;

/** Milliseconds since 1970, a Date, or RFC 3339 text. */
export type TimeInput = number | Date | string;

const UNIT: Record<Precision, number> = { seconds: 1_000_000, millis: 1_000, micros: 1 };

const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/**
 * Parses an RFC 3339 time; undefined if it is malformed. Digits beyond the microsecond become half a microsecond, so
 * that comparisons with stored whole microseconds stay exact.
 */
export function parseRfc3339(text: string): Micros | undefined {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [, date = '', hours = '', minutes = '', seconds = '', fraction = '', sign, offsetHours, offsetMinutes] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  if (Number(offsetHours ?? 0) > 23 || Number(offsetMinutes ?? 0) > 59) return undefined;

  const millis = Date.parse(`${date}T${hours}:${minutes}:${seconds}.000Z`);
  // Date.parse accepts 31 February and returns 3 March.
  if (Number.isNaN(millis) || !new Date(millis).toISOString().startsWith(date)) return undefined;

  const offset = (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0)) * (sign === '-' ? -1 : 1);
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0'));
  const beyond = /[1-9]/.test(fraction.slice(6)) ? 0.5 : 0;
  return (millis - offset * 60_000) * 1_000 + micros + beyond;
}

/** @throws RangeError if a text is not RFC 3339 */
export function toMicros(time: TimeInput): Micros {
  if (typeof time === 'number') return Math.round(time * 1_000);
  if (time instanceof Date) return time.getTime() * 1_000;
  const micros = parseRfc3339(time);
  if (micros === undefined) throw new RangeError(`not an RFC 3339 time: ${time}`);
  return Math.floor(micros);
}

/** Rounds a time down to the precision. */
export function cutTo(precision: Precision, time: Micros): Micros {
  return Math.floor(time / UNIT[precision]) * UNIT[precision];
}

/** Formats a time as RFC 3339 in UTC, cut to the precision. */
export function formatTime(precision: Precision, time: Micros): string {
  const iso = new Date(Math.floor(time / 1_000)).toISOString();
  if (precision === 'millis') return iso;
  const seconds = iso.slice(0, -5);
  if (precision === 'seconds') return `${seconds}Z`;
  return `${seconds}.${String(((time % 1_000_000) + 1_000_000) % 1_000_000).padStart(6, '0')}Z`;
}
