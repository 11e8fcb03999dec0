import { cpus, totalmem } from 'node:os';
import { deliveryFault, type DeliveryResult } from './deliver/measure';
import { outageFault, type OutageResult } from './deliver/outage';
import { deliveryTable, outageTable } from './deliver/table';
import { isExact } from './exactness';
import type { Measured } from './measure';
import type { Scenario } from './scenarios';
import { kibibytes, mebibytes, number, percent, render, type Column as AnyColumn, type Table } from './table';
import type { ComparisonResult } from './verify/compare';
import type { VerificationResult } from './verify/measure';
import { comparisonTable, verificationTable } from './verify/table';

/** Figures of one scenario. */
export type Result = SyncResult | DeliveryResult | OutageResult | VerificationResult | ComparisonResult;

/** Figures of a sync. */
export interface SyncResult extends Measured {
  name: string;
  kind: Scenario['kind'];
  /** The setting REQUESTS_PER_SECOND. */
  setRate: number;
}

type Column = AnyColumn<SyncResult>;

/** The aim for a worker's memory, whatever the answers. */
const MOST_MEMORY_BYTES = 300e6;
const per10000Messages = (value: number | undefined, { messages }: SyncResult): string =>
  value === undefined ? 'not available' : number((value * 10_000) / messages, 1);

const scenario: Column = ['scenario', (result) => `\`${result.name}\``];
const exact: Column = [
  'lost / doubled',
  (result) => `${result.lost} / ${result.doubled}${isExact(result) ? '' : ` (and ${result.foreign} foreign)`}`,
];
const largestPayload: Column = ['largest payload', ({ chain }) => kibibytes(chain.largestPayloadBytes)];
const others: Column = [
  'cores busy with other things',
  ({ cpuSeconds, chain }) => (cpuSeconds ? number(cpuSeconds.others / chain.seconds, 2) : 'not available'),
];

const TABLES: Record<Scenario['kind'], Table<SyncResult>> = {
  rate: {
    title: 'The set rate (aims: 97 % or more; with one worker at most the rate and one in any second)',
    columns: [
      scenario,
      ['set rate', ({ setRate }) => `${setRate}/s`],
      ['workers', ({ workers }) => String(workers)],
      ['requests', ({ requests }) => number(requests)],
      ['reached while it read chats', ({ readingPerSecond }) => `${number(readingPerSecond, 2)}/s`],
      ['of the set rate', ({ readingPerSecond, setRate }) => percent(readingPerSecond / setRate)],
      ['and with its start', ({ requestsPerSecond, setRate }) => percent(requestsPerSecond / setRate)],
      ['worst second', (result) => String(result.worstSecond)],
      exact,
      others,
    ],
  },
  requests: {
    title: 'Requests (aim: the fewest possible)',
    columns: [
      scenario,
      ['chats', ({ chats }) => number(chats)],
      ['messages', ({ messages }) => number(messages)],
      ['requests', ({ requests }) => number(requests)],
      ['fewest possible', ({ fewestRequests }) => number(fewestRequests)],
      exact,
    ],
  },
  unlimited: {
    title: 'No rate, no latency (aims: 150 chats/s on two cores; a worker below 400 MiB, whatever the number of chats)',
    columns: [
      scenario,
      ['chats', ({ chats }) => number(chats)],
      ['messages', ({ messages }) => number(messages)],
      ['chats/s', ({ chats, chain }) => number(chats / chain.seconds)],
      ['worker, peak memory', (result) => mebibytes(result.peakMemoryBytes)],
      ['worker, CPU s per 10,000 messages', (result) => per10000Messages(result.cpuSeconds?.worker, result)],
      ['Temporal, CPU s per 10,000 messages', (result) => per10000Messages(result.cpuSeconds?.temporal, result)],
      ['history events per chat', ({ chain, chats }) => number(chain.events / chats, 1)],
      ['history bytes per chat', ({ chain, chats }) => number(chain.bytes / chats)],
      ['runs', ({ chain }) => String(chain.runs)],
      largestPayload,
      ['archive', (result) => mebibytes(result.archiveBytes)],
      ['temporal.db', (result) => mebibytes(result.databaseBytes)],
      ['requests over the fewest', ({ requests, fewestRequests }) => String(requests - fewestRequests)],
      exact,
      others,
    ],
  },
  memory: {
    title: `Answers as large as they may be, all at once (aim: a worker below ${mebibytes(MOST_MEMORY_BYTES)}, whatever the API sends)`,
    columns: [
      scenario,
      ['chats', ({ chats }) => number(chats)],
      ['messages', ({ messages }) => number(messages)],
      ['requests', ({ requests }) => number(requests)],
      ['worker, peak memory', (result) => mebibytes(result.peakMemoryBytes)],
      ['worker, CPU s', ({ cpuSeconds }) => (cpuSeconds ? number(cpuSeconds.worker, 1) : 'not available')],
      ['archive', (result) => mebibytes(result.archiveBytes)],
      ['seconds', ({ chain }) => number(chain.seconds)],
      exact,
      others,
    ],
  },
  'per-user': {
    title:
      'Many users on an older server (limits of Temporal: 51,200 events and 50 MiB in a run, where it suggests a new one ' +
      'from 4,096; 2 MiB in a payload; aim: 256 KiB)',
    columns: [
      scenario,
      ['users', ({ users }) => number(users)],
      ['groups of ten', ({ groups }) => number(groups)],
      ['chats', ({ chats }) => number(chats)],
      ['messages', ({ messages }) => number(messages)],
      ['requests', ({ requests }) => number(requests)],
      ['over the fewest', ({ requests, fewestRequests }) => number(requests - fewestRequests)],
      ['runs', ({ chain }) => String(chain.runs)],
      ['most events in a run', ({ chain }) => number(chain.mostEventsInRun)],
      ['largest run', ({ chain }) => mebibytes(chain.largestRunBytes)],
      largestPayload,
      ['largest in a memo', ({ chain }) => kibibytes(chain.largestMemoBytes, 1)],
      ['worker, peak memory', (result) => mebibytes(result.peakMemoryBytes)],
      ['seconds', ({ chain }) => number(chain.seconds)],
      exact,
    ],
  },
  size: {
    title: 'A large backfill, whose worker is killed half-way (aims: memory flat, payloads below 256 KiB)',
    columns: [
      scenario,
      ['chats', ({ chats }) => number(chats)],
      ['messages', ({ messages }) => number(messages)],
      ['seconds', ({ chain }) => number(chain.seconds)],
      ['worker killed', ({ kills }) => (kills === 1 ? 'once' : `${kills} times`)],
      ['its memory at each tenth', ({ memoryBytes }) => memoryBytes.map((bytes) => mebibytes(bytes)).join(', ')],
      ['runs', ({ chain }) => String(chain.runs)],
      ['most events in a run', ({ chain }) => number(chain.mostEventsInRun)],
      ['largest run', ({ chain }) => mebibytes(chain.largestRunBytes)],
      largestPayload,
      [
        'a publish, first and last tenth',
        ({ chain }) => `${number(chain.firstPublishMs)} and ${number(chain.lastPublishMs)} ms`,
      ],
      ['requests over the fewest', ({ requests, fewestRequests }) => number(requests - fewestRequests)],
      exact,
    ],
  },
};

/** The machine's figures for a report. */
export const machine = () => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  platform: process.platform,
  node: process.version,
});

/** Renders the machine and a table for each kind of scenario as Markdown. */
export function markdown(results: readonly Result[]): string {
  const { cpu, cores, memoryBytes, platform, node } = machine();
  const temporal = results.find((result) => 'serverVersion' in result)?.serverVersion ?? 'not started';
  const line = `${cpu}, ${cores} cores, ${mebibytes(memoryBytes)} memory, ${platform}; Node ${node}, Temporal ${temporal}`;
  const syncs = results.filter(isSync);
  const tables = [
    ...Object.entries(TABLES).flatMap(([kind, table]) =>
      render(
        table,
        syncs.filter((result) => result.kind === kind),
      ),
    ),
    ...render(
      deliveryTable,
      results.filter((result) => result.kind === 'deliver'),
    ),
    ...render(
      outageTable,
      results.filter((result) => result.kind === 'outage'),
    ),
    ...render(
      verificationTable,
      results.filter((result) => result.kind === 'verify'),
    ),
    ...render(
      comparisonTable,
      results.filter((result) => result.kind === 'compare'),
    ),
  ];
  return [`Machine: ${line}`, ...tables].join('\n\n');
}

const isSync = (result: Result): result is SyncResult =>
  !['deliver', 'outage', 'verify', 'compare'].includes(result.kind);

/** What a scenario promises and did not keep; undefined if all is well. */
export function faultOf(result: Result): string | undefined {
  if (result.kind === 'verify' || result.kind === 'compare') return undefined;
  if (result.kind === 'deliver') return deliveryFault(result);
  if (result.kind === 'outage') return outageFault(result);
  const { lost, doubled, foreign, wrong } = result;
  if (wrong.length > 0) return `by verify --archive: ${wrong.join(', ')}`;
  return isExact(result) ? undefined : `not exact: ${lost} messages lost, ${doubled} doubled, ${foreign} foreign`;
}
