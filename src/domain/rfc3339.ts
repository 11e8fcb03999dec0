const RFC3339 =
  /^(\d{4}-\d\d)-(\d\d)[Tt ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(\.\d+)?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/**
 * Parses an RFC 3339 time to ms since 1970, fractions of a millisecond dropped; undefined for any other text. A leap
 * second (`:60`) counts as the second after it, since JavaScript cannot represent it.
 */
export function rfc3339Ms(text: string): number | undefined {
  const [, month = '', day = '', hour, minute, second, fraction = '', sign, offsetHours, offsetMinutes] =
    RFC3339.exec(text) ?? [];
  // JavaScript turns 31 June into 1 July: such a date is refused here.
  const midnight = new Date(`${month}-${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.getUTCDate() !== Number(day)) return undefined;
  const minutes = Number(hour) * 60 + Number(minute);
  const offset = sign === undefined ? 0 : Number(`${sign}1`) * (Number(offsetHours) * 60 + Number(offsetMinutes));
  const ms = Number(fraction.slice(1, 4).padEnd(3, '0'));
  return midnight.getTime() + (minutes - offset) * MINUTE_MS + Number(second) * SECOND_MS + ms;
}
