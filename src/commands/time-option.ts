import { parseIsoTime } from '../domain/iso-time';
import { UsageError } from '../exit';

/** The time of an option such as `--from`; null if it is not given. @throws UsageError */
export function timeOption(option: string, text: string | undefined): string | null {
  if (text === undefined) return null;
  const time = parseIsoTime(text);
  if (time === undefined) throw new UsageError(`${option} ${text}: an ISO 8601 date or time, as 2026-04-08`);
  return time;
}
