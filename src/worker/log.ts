import { format } from 'node:util';
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import type { LogSettings } from '../config/config';
import { printable } from '../text/printable';

/** The SDK's warning about a worker without workflows; ours of the API's queue has none on purpose. */
const EXPECTED = 'No workflows registered, not polling for workflow tasks';

/** The process's only logger, for us and for Temporal. Writes to stderr: stdout is for data. */
export function createLogger({ level, format: style }: LogSettings): DefaultLogger {
  const line = style === 'json' ? jsonLine : textLine;
  return new DefaultLogger(level, (entry) => {
    if (entry.message !== EXPECTED) process.stderr.write(`${printable(line(entry))}\n`);
  });
}

const timeOf = (entry: LogEntry): string => new Date(Number(entry.timestampNanos / 1_000_000n)).toISOString();

function jsonLine(entry: LogEntry): string {
  const { level, message, meta } = entry;
  return JSON.stringify({ time: timeOf(entry), level, message, ...meta }, plain);
}

function textLine(entry: LogEntry): string {
  const fields = Object.entries(entry.meta ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value, plain) : format(value)}`);
  return [timeOf(entry), entry.level.padEnd(5), entry.message, ...fields].join(' ');
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
