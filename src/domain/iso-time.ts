const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * Reads an ISO 8601 date or time (UTC if it has no offset) and cuts it to the whole second.
 *
 * @returns the time as `2026-04-08T14:30:45.000Z`; undefined for any other text.
 */
export function parseIsoTime(text: string): string | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const dateOnly = text.length === 10;
  const ms = Date.parse(dateOnly || match[1] ? text.replace(' ', 'T') : `${text.replace(' ', 'T')}Z`);
  if (Number.isNaN(ms)) return undefined;
  const day = Number(text.slice(8, 10));
  const month = Number(text.slice(5, 7));
  const daysInMonth = new Date(Date.UTC(Number(text.slice(0, 4)), month, 0)).getUTCDate();
  const iso = new Date(Math.floor(ms / 1000) * 1000).toISOString();
  // An offset may move the time out of the four-digit years, which makes the text longer.
  return day > daysInMonth || iso.length !== 24 ? undefined : iso;
}
