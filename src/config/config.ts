import { join } from 'node:path';
import { z } from 'zod';
import { readSigner, type Signer } from '../evidence-key';
import { printable } from '../text/printable';
import { ConfigError, issuesOf, withoutEmpty, type Environment } from './environment';
import { keyProblems } from './key-problems';
import { destinationNames, destinationVariables, readDestinations, type DestinationConfig } from './destinations';
import { emptyFilters, misspellings } from './misspellings';
import { policySettings } from './policy';
import { evidenceKeyFile, hostAndPort, httpUrl, interval, secureUrl } from './values';

const LEVELS = { trace: 'TRACE', debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' } as const;
/** Settings that every command reads. */
const clientShape = {
  SOURCE: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, '1 to 40 of a-z, 0-9 and -')
    .default('default'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  LOG_FORMAT: z.enum(['text', 'json']).default('text'),
  /** Read by payload-codec.ts; here so that it counts as known. */
  TEMPORAL_PAYLOAD_CODEC: z.string().optional(),
};

/** Where the archive is. */
const archiveShape = {
  FILE_DIR: z.string().optional(),
  DATA_DIR: z.string().regex(/\S/, 'a folder').default('data'),
};

/** Settings of the worker, and of `up`, which starts one. */
const workerShape = {
  ...clientShape,
  ...archiveShape,
  ANTHROPIC_COMPLIANCE_ACCESS_KEY: z.string().optional(),
  ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE: z.string().optional(),
  ANTHROPIC_BASE_URL: secureUrl().default('https://api.anthropic.com'),
  ...policySettings,
  SYNC_INTERVAL: interval.prefault('5m'),
  METRICS_ADDRESS: hostAndPort.optional(),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: z.enum(['http/protobuf', 'grpc']).default('http/protobuf'),
  DESTINATIONS: destinationNames.default([]),
  ARCHIVE_KEEP: z
    .union([z.literal('0').transform(() => 0), interval], '0, or a number and s, m, h or d, as 30d')
    .optional(),
  EVIDENCE_KEY_FILE: evidenceKeyFile.optional(),
};

const clientSchema = z.object(clientShape);
const workerSchema = z.object(workerShape);

export interface LogSettings {
  level: (typeof LEVELS)[keyof typeof LEVELS];
  format: 'text' | 'json';
}
export interface ClientConfig {
  source: string;
  log: LogSettings;
}
export type WorkerSettings = Readonly<z.output<typeof workerSchema>>;
export interface WorkerConfig extends ClientConfig {
  settings: WorkerSettings;
  /** The folder of the archive. */
  folder: string;
  /** Reads the key of EVIDENCE_KEY_FILE, if it is set. */
  readSigner: (() => Promise<Signer>) | undefined;
  destinations: DestinationConfig[];
  /** The whole environment: the proxy's variables, and whatever else is read where it is needed. */
  environment: Environment;
  /** Warnings about misspelt settings and empty filters. */
  warnings: string[];
}

/** The names of a worker's settings, those of its destinations too, without Temporal's own. */
export const workerVariables = (environment: Environment): readonly string[] => [
  ...Object.keys(workerShape),
  ...destinationVariables(environment['DESTINATIONS'] ?? ''),
];

/** @throws ConfigError */
export function loadClientConfig(environment: Environment): ClientConfig {
  return clientConfig(parse(clientSchema, environment, []));
}

/** What a command that reads the archive needs. @throws ConfigError */
export function loadArchiveConfig(environment: Environment): { source: string; folder: string } {
  const settings = parse(z.object({ ...clientShape, ...archiveShape }), environment, []);
  return { source: settings.SOURCE, folder: folderOf(settings) };
}

/** @throws ConfigError that lists every problem. */
export function loadWorkerConfig(environment: Environment): WorkerConfig {
  const set = withoutEmpty(environment);
  const problems = keyProblems(set);
  if (set['SINK'] !== undefined) problems.push(sinkProblem(set['SINK']));
  if (set['METRICS_ADDRESS'] !== undefined && set[METRICS_ENDPOINT] !== undefined) problems.push(TWO_EXPORTERS);
  const destinations = readDestinations(set);
  if (set['ARCHIVE_KEEP'] !== undefined && destinations.isNone) problems.push(keepProblem(set['ARCHIVE_KEEP']));
  const settings = parse(workerSchema, set, [...problems, ...destinations.problems]);
  const warnings = [...misspellings(set, workerVariables(set)), ...emptyFilters(environment)];
  return {
    ...clientConfig(settings),
    settings,
    folder: folderOf(settings),
    readSigner: signerOf(settings),
    destinations: destinations.destinations,
    environment: set,
    warnings,
  };
}

const folderOf = ({ FILE_DIR, DATA_DIR }: { FILE_DIR?: string | undefined; DATA_DIR: string }): string =>
  FILE_DIR ?? join(DATA_DIR, 'messages');

const signerOf = ({ EVIDENCE_KEY_FILE: path }: WorkerSettings): WorkerConfig['readSigner'] =>
  path === undefined ? undefined : () => readSigner(path);

const keepProblem = (keep: string): string =>
  `ARCHIVE_KEEP=${printable(keep)}: goes with DESTINATIONS, as nothing else would have the messages then; without it the archive is yours to keep`;

const METRICS_ENDPOINT = 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT';
const TWO_EXPORTERS = `METRICS_ADDRESS, ${METRICS_ENDPOINT}: one of them, as a worker has one exporter; an OpenTelemetry Collector scrapes the first, or serves to Prometheus what it gets by the second`;

/** `SINK` of earlier builds. */
const sinkProblem = (sink: string): string =>
  `SINK=${printable(sink)}: there is no such setting any more, since a sync always writes the archive in FILE_DIR: take it out`;

function parse<T>(schema: z.ZodType<T>, environment: Environment, problems: string[]): T {
  const set = withoutEmpty(environment);
  const result = schema.safeParse(set);
  const all = [...problems, ...issuesOf(result, set)];
  if (!result.success || all.length > 0) throw new ConfigError(all.join('\n'));
  return result.data;
}

function clientConfig(settings: z.output<typeof clientSchema>): ClientConfig {
  return { source: settings.SOURCE, log: { level: LEVELS[settings.LOG_LEVEL], format: settings.LOG_FORMAT } };
}
