import { format } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, type LogEntry, type LogLevel } from '@temporalio/worker';
import type { LogSettings } from '../config/config';
import { FailureType } from '../contract';
import { printable } from '../text/printable';
import { createRepetitions } from './repetitions';

/** Warnings of the SDK that ask for nothing. */
const EXPECTED = new Set([
  // Ours of the API's queue has none on purpose.
  'No workflows registered, not polling for workflow tasks',
  // The server has handed it out anew: the SDK replays the run.
  'Task not found when completing',
]);
const FAILED = 'Activity failed';
/** Of which there may be several, each with a name in the message. */
const PLACES = new Set<string>([FailureType.destinationUnavailable, FailureType.archiveUnavailable]);
/** What an operator can use of what the SDK adds to each entry, and its name; of an activity it calls the run otherwise. */
const USEFUL = new Map([
  ...['source', 'workflowId', 'runId', 'activityType', 'attempt'].map((name) => [name, name] as const),
  ['workflowRunId', 'runId'],
]);

/** A line of the log. */
interface Line {
  time: string;
  level: LogLevel;
  message: string;
  fields: Readonly<Record<string, unknown>>;
}

/**
 * The process's only logger, for us and for Temporal. Writes to stderr: stdout is for data. A failure that many activities share, as an outage is, is one
 * line, with the reason first, and one each minute while it lasts.
 */
export function createLogger({ level, format: style }: LogSettings): DefaultLogger {
  const isAllWanted = level === 'TRACE' || level === 'DEBUG';
  const textOf = style === 'json' ? jsonLine : textLine;
  const repetitions = createRepetitions();
  return new DefaultLogger(level, (entry) => {
    if (!isAllWanted && EXPECTED.has(entry.message)) return;
    const line = isAllWanted ? whole(entry) : brief(entry);
    const error: unknown = entry.meta?.['error'];
    // What is not tried again is about itself, and said each time.
    if (!isAllWanted && entry.message === FAILED && !isFinal(error)) {
      const lasting = repetitions.say(causeOf(error), Number(entry.timestampNanos / 1_000_000n));
      if (lasting === null) return;
      line.message += `${lasting}; it is tried again`;
    }
    process.stderr.write(`${printable(textOf(line))}\n`);
  });
}

const timeOf = (entry: LogEntry): string => new Date(Number(entry.timestampNanos / 1_000_000n)).toISOString();

const whole = (entry: LogEntry): Line => ({
  time: timeOf(entry),
  level: entry.level,
  message: entry.message,
  fields: entry.meta ?? {},
});

/** Without the SDK's own fields; of a failed activity, the reason in the place of a sentence that says that it failed. */
function brief(entry: LogEntry): Line {
  const { error, ...meta } = entry.meta ?? {};
  const isOfSdk = 'sdkComponent' in meta;
  const useful = isOfSdk ? Object.fromEntries(Object.entries(meta).flatMap(usefulIn)) : meta;
  const isReason = entry.message === FAILED && error instanceof Error;
  return {
    ...whole(entry),
    message: isReason ? error.message : entry.message,
    fields: isReason
      ? { ...useful, failure: failureTypeOf(error), requestId: requestIdOf(error) }
      : error === undefined
        ? useful
        : { ...useful, error },
  };
}

function usefulIn([name, value]: [string, unknown]): [string, unknown][] {
  const known = USEFUL.get(name);
  return known === undefined ? [] : [[known, value]];
}

/** Of the request that a failure is about, as failures.ts says it in its details. */
function requestIdOf(error: Error): unknown {
  const [details] = error instanceof ApplicationFailure ? (error.details ?? []) : [];
  return isObject(details) ? (details['requestId'] ?? undefined) : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isFinal = (error: unknown): boolean =>
  error instanceof Error && 'nonRetryable' in error && error.nonRetryable === true;

/** What makes two failures the same: of a place that is away, what is said of it; else their type, whichever chat met with it. */
function causeOf(error: unknown): string {
  const type = failureTypeOf(error);
  if (type === undefined) return String(error);
  return PLACES.has(type) && error instanceof Error ? `${type} ${error.message}` : type;
}

const failureTypeOf = (error: unknown): string | undefined =>
  error instanceof ApplicationFailure ? (error.type ?? undefined) : undefined;

const jsonLine = ({ fields, ...line }: Line): string => JSON.stringify({ ...line, ...fields }, plain);

function textLine({ time, level, message, fields }: Line): string {
  const shown = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value, plain) : format(value)}`);
  return [time, level.padEnd(5), message, ...shown].join(' ');
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
