import { accessSync, constants, statSync } from 'node:fs';
import { z } from 'zod';
import { evidenceKeyProblem } from '../evidence-key';
import { isLoopback } from '../text/loopback';
import { printable } from '../text/printable';
import { parseIsoTime } from '../domain/iso-time';

// The forms of settings; each schema's message says what it expects.

const INTERVAL = /^([1-9]\d*)(s|m|h|d)$/;
const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `30s`, `5m`, `2h` or `1d`; undefined for anything else. */
export function parseInterval(text: string): number | undefined {
  const match = INTERVAL.exec(text);
  const unit = z.enum(['s', 'm', 'h', 'd']).safeParse(match?.[2]);
  return match && unit.success ? Number(match[1]) * UNIT_MS[unit.data] : undefined;
}

/** An interval, in ms. */
export const interval = z.string().transform((text, context) => {
  const ms = parseInterval(text);
  if (ms === undefined) context.addIssue({ code: 'custom', message: 'a number and s, m, h or d, as 5m' });
  return ms ?? 0;
});

/** A time that is not in the future, as ISO 8601 in UTC. */
export const time = z.string().transform((text, context) => {
  const iso = parseIsoTime(text);
  if (iso === undefined)
    context.addIssue({
      code: 'custom',
      message: 'an ISO 8601 date or time, as 2026-04-08 or 2026-04-08T14:30:00+02:00',
    });
  else if (Date.parse(iso) > Date.now())
    context.addIssue({ code: 'custom', message: 'a time that is not in the future' });
  return iso ?? '';
});

export const number = (message: string, check: (value: number) => boolean) =>
  z.string().transform((text, context) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (!check(value)) context.addIssue({ code: 'custom', message });
    return value;
  });
export const integer = (min: number, max: number) =>
  number(`a whole number from ${min} to ${max}`, (value) => Number.isInteger(value) && value >= min && value <= max);

/** A filter: ids, separated by commas. It must name one if set: an empty filter would let all messages through. */
export const ids = (pattern: RegExp, message: string) =>
  z.string().transform((text, context) => {
    const list = [
      ...new Set(
        text
          .split(',')
          .map((id) => id.trim())
          .filter((id) => id !== ''),
      ),
    ];
    if (list.length === 0)
      context.addIssue({
        code: 'custom',
        message: `${message}, separated by commas, but it names none; unset it to leave nobody out`,
      });
    const wrong = list.filter((id) => !pattern.test(id));
    if (wrong.length > 0)
      context.addIssue({
        code: 'custom',
        message: `${message}, separated by commas (not ${printable(wrong.slice(0, 3).join(', '))})`,
      });
    if (list.length > 1000) context.addIssue({ code: 'custom', message: `at most 1000 ids, not ${list.length}` });
    return list;
  });

/** A URL to which secrets may be sent. `query`: it may have one. */
export const secureUrl = ({ query = false } = {}) =>
  z.string().transform((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const allowed = url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)));
    const plain = url && url.username + url.password + url.hash + (query ? '' : url.search) === '';
    if (!allowed || !plain) {
      const without = query ? 'user or fragment' : 'user, query or fragment';
      context.addIssue({ code: 'custom', message: `an https URL without ${without} (http for loopback only)` });
    }
    return text;
  });

/** A URL to which nothing private is sent. */
export const httpUrl = z.url({ protocol: /^https?$/, error: 'an http or https URL' });

/** The path of a file that can be read now. */
export const file = z.string().refine((path) => {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}, 'a file that can be read');

/** The path of a file with a private key for Ed25519. */
export const evidenceKeyFile = z.string().superRefine((path, context) => {
  const problem = evidenceKeyProblem(path);
  if (problem !== undefined) {
    context.addIssue({ code: 'custom', message: `a file with an Ed25519 private key: ${problem}` });
  }
});

export const hostAndPort = z.string().refine((text) => {
  const match = /^(?:[\w.-]+|\[[\da-f:.]+\]):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[1]);
  return port >= 1 && port <= 65_535;
}, 'host:port, as 127.0.0.1:9464');
