import { readFileSync } from 'node:fs';
import { distance } from 'fastest-levenshtein';
import { parse as parseDotenv } from 'dotenv';
import { z } from 'zod';
import { accessKeyIn, readAccessKeySync, sayKeyProblem } from '../access-key';
import { printable } from '../text/printable';
import { policySettings } from './policy';
import { baseUrl, hostAndPort, interval } from './values';
import { sinkNames, sinks } from '../sinks/registry';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Thrown for settings that cannot be used; lists every problem, one a line, and never a secret's value. Exit code 2. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

const LEVELS = { trace: 'TRACE', debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' } as const;
/** Settings that every command reads. */
const clientShape = {
  SOURCE: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, '1 to 40 of a-z, 0-9 and -')
    .default('default'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  LOG_FORMAT: z.enum(['text', 'json']).default('text'),
  /** Read where payloads are: payload-codec.ts. */
  TEMPORAL_PAYLOAD_CODEC: z.string().optional(),
};

/** Settings of the worker, and of `up`, which starts one. */
const workerShape = {
  ...clientShape,
  ANTHROPIC_COMPLIANCE_ACCESS_KEY: z.string().optional(),
  ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE: z.string().optional(),
  ANTHROPIC_BASE_URL: baseUrl.default('https://api.anthropic.com'),
  ...policySettings,
  SYNC_INTERVAL: interval.prefault('5m'),
  SINK: z.enum(sinkNames).default('file'),
  DATA_DIR: z.string().regex(/\S/, 'a folder').default('data'),
  METRICS_ADDRESS: hostAndPort.optional(),
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
  /** The chosen sink's own settings, as its schema reads them. */
  environment: Environment;
  /** Settings that look like a misspelling. */
  warnings: string[];
}

/** Every setting of a worker but Temporal's own. */
export const workerVariables: readonly string[] = [
  ...Object.keys(workerShape),
  ...sinkNames.flatMap((name) => Object.keys(sinks[name].settings.shape)),
];

const KEY = 'ANTHROPIC_COMPLIANCE_ACCESS_KEY';
const KEY_FILE = 'ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE';
/** Other people's variables that it would be bad to misspell. */
const NEIGHBOURS = [
  ...['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'TEMPORAL_API_KEY', 'TEMPORAL_CONFIG_FILE', 'TEMPORAL_PROFILE'],
  ...['TEMPORAL_TLS', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'],
];
const OTHER_KEY_NAMES = ['ANTHROPIC_COMPLIANCE_API_KEY', 'ANTHROPIC_COMPLIANCE_KEY', 'COMPLIANCE_ACCESS_KEY'];
const OTHER_KEYS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_ADMIN_KEY', 'ANTHROPIC_ADMIN_API_KEY'];
const FILTERS = ['ORGANIZATION_IDS', 'PROJECT_IDS', 'USER_IDS'];

/**
 * The process's environment over the `.env` file of the working folder. A variable that is set but empty counts as not set.
 *
 * @throws ConfigError if there is an `.env` that cannot be read: nothing of it may be ignored in silence.
 */
export function readEnvironment(environment: Environment, folder = process.cwd()): Environment {
  let file: Buffer;
  try {
    file = readFileSync(`${folder}/.env`);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return { ...environment };
    const reason = code === 'EISDIR' ? 'it is a folder' : (code ?? 'for an unknown reason');
    throw new ConfigError(`.env in ${printable(folder)} cannot be read: ${reason}`, { cause: error });
  }
  if (file.includes(0)) throw new ConfigError(`.env in ${printable(folder)} is not text in UTF-8: save it so`);
  return { ...parseDotenv(file), ...environment };
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** @throws ConfigError */
export function loadClientConfig(environment: Environment): ClientConfig {
  return clientConfig(parse(clientSchema, environment, []));
}

/** @throws ConfigError that lists every problem, the sink's settings included. */
export function loadWorkerConfig(environment: Environment): WorkerConfig {
  const set = withoutEmpty(environment);
  const problems = keyProblems(set);
  const sink = workerShape.SINK.safeParse(set['SINK']);
  if (sink.success) problems.push(...issuesOf(sinks[sink.data].settings.safeParse(set), set));
  const settings = parse(workerSchema, set, problems);
  const warnings = [...misspellings(set), ...emptyFilters(environment)];
  return { ...clientConfig(settings), settings, environment: set, warnings };
}

/** Empty counts as not set, by contract; whoever meant somebody, as with `USER_IDS=$USERS`, hears of it. */
function emptyFilters(environment: Environment): string[] {
  return FILTERS.filter((name) => environment[name] === '').map(
    (name) => `${name} is set but empty, which counts as not set: it leaves nobody out`,
  );
}

function keyProblems(set: Environment): string[] {
  const { [KEY]: key, [KEY_FILE]: file } = set;
  if (key !== undefined && file !== undefined) return [`${KEY}: expected either this or ${KEY_FILE}, not both`];
  if (file !== undefined) {
    const problem = problemOf(() => readAccessKeySync(file));
    return problem === undefined
      ? []
      : [`${shown(KEY_FILE, set)}: expected a file that can be read and holds the key: ${problem}`];
  }
  if (key !== undefined) {
    const problem = problemOf(() => accessKeyIn(key));
    return problem === undefined ? [] : [`${shown(KEY, set)}: expected the Compliance Access Key: ${problem}`];
  }
  const renamed = OTHER_KEY_NAMES.find((name) => set[name]);
  const other = OTHER_KEYS.find((name) => set[name]);
  const hint = renamed
    ? ` (${renamed} is set: rename it)`
    : other
      ? ` (${other} is for another kind of key; the primary owner makes this one in claude.ai, Organization settings)`
      : '';
  return [
    `${KEY} is not set: the Compliance Access Key, sk-ant-api01-..., or ${KEY_FILE}, a file that holds it${hint}`,
  ];
}

function problemOf(read: () => string): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    return `${sayKeyProblem(code)} (${code ?? 'unknown'})`;
  }
}

function parse<T>(schema: z.ZodType<T>, environment: Environment, problems: string[]): T {
  const set = withoutEmpty(environment);
  const result = schema.safeParse(set);
  const all = [...problems, ...issuesOf(result, set)];
  if (!result.success || all.length > 0) throw new ConfigError(all.join('\n'));
  return result.data;
}

function issuesOf(result: z.ZodSafeParseResult<unknown>, set: Environment): string[] {
  return (result.error?.issues ?? []).map((issue) => {
    const variable = String(issue.path[0]);
    const expected = issue.code === 'invalid_value' ? `one of ${issue.values.join(', ')}` : issue.message;
    return `${shown(variable, set)}: expected ${expected}`;
  });
}

/** The variable with its value, but for what is, or may hold, a secret. */
function shown(variable: string, set: Environment): string {
  const value = set[variable] ?? '';
  if (variable === KEY || value.includes('sk-ant-')) return `${variable}=(hidden)`;
  return `${variable}=${printable(value.replace(/\/\/[^/]*@/, '//(hidden)@').replace(/[?#].*$/s, '?(hidden)'))}`;
}

function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
}

function clientConfig(settings: z.output<typeof clientSchema>): ClientConfig {
  return { source: settings.SOURCE, log: { level: LEVELS[settings.LOG_LEVEL], format: settings.LOG_FORMAT } };
}

/** What looks like a misspelt setting; a line each. */
export function misspellings(set: Environment): string[] {
  const known = [...workerVariables, ...NEIGHBOURS];
  return Object.keys(set).flatMap((name) => {
    if (known.includes(name)) return [];
    const meant = known.find((candidate) => candidate.length > 5 && distance(candidate, name) <= 2);
    return meant ? [`${name} is not a setting: did you mean ${meant}?`] : [];
  });
}
