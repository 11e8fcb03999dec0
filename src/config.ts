import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { distance } from 'fastest-levenshtein';
import { parse as parseDotenv } from 'dotenv';
import { z } from 'zod';
import { accessKeyIn, readAccessKeySync, sayKeyProblem } from './access-key';
import { parseIsoTime } from './iso-time';
import { printable } from './printable';
import { sinkNames, sinks } from './sinks/registry';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Thrown for settings that cannot be used; lists every problem, one a line, and never a secret's value. Exit code 2. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

const LEVELS = { trace: 'TRACE', debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' } as const;
const INTERVAL = /^([1-9]\d*)(s|m|h|d)$/;
const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `30s`, `5m`, `2h` or `1d`; undefined for anything else. */
export function parseInterval(text: string): number | undefined {
  const match = INTERVAL.exec(text);
  const unit = z.enum(['s', 'm', 'h', 'd']).safeParse(match?.[2]);
  return match && unit.success ? Number(match[1]) * UNIT_MS[unit.data] : undefined;
}

const interval = z.string().transform((text, context) => {
  const ms = parseInterval(text);
  if (ms === undefined) context.addIssue({ code: 'custom', message: 'a number and s, m, h or d, as 5m' });
  return ms ?? 0;
});

const time = z.string().transform((text, context) => {
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

const number = (message: string, check: (value: number) => boolean) =>
  z.string().transform((text, context) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (!check(value)) context.addIssue({ code: 'custom', message });
    return value;
  });
const integer = (min: number, max: number) =>
  number(`a whole number from ${min} to ${max}`, (value) => Number.isInteger(value) && value >= min && value <= max);

/** A filter. Set, it names somebody: one without an id would let everybody's messages out. */
const ids = (pattern: RegExp, message: string) =>
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

export const isLoopback = (host: string): boolean =>
  ['localhost', '::1', '[::1]'].includes(host) || (isIP(host) === 4 && host.startsWith('127.'));

const baseUrl = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const allowed = url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)));
  const plain = url && url.username + url.password + url.search + url.hash === '';
  if (!allowed || !plain) {
    context.addIssue({
      code: 'custom',
      message: 'an https URL without user, query or fragment (http for loopback only)',
    });
  }
  return text;
});

const hostAndPort = z.string().refine((text) => {
  const match = /^(?:[\w.-]+|\[[\da-f:.]+\]):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[1]);
  return port >= 1 && port <= 65_535;
}, 'host:port, as 127.0.0.1:9464');

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
  BACKFILL_START: time.optional(),
  ORGANIZATION_IDS: ids(
    /^(org_\w+|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12})$/i,
    'organization ids (org_... or UUIDs)',
  ).optional(),
  PROJECT_IDS: ids(/^(claude_)?proj_[\w-]+$/, 'project ids (claude_proj_... or proj_...)').optional(),
  USER_IDS: ids(/^user_[\w-]+$/, 'user ids (user_...)').optional(),
  LISTING: z.enum(['auto', 'organization', 'per-user']).default('auto'),
  MESSAGES: z.enum(['new', 'all']).default('new'),
  REQUESTS_PER_SECOND: number('a number above 0, at most 10000', (value) => value > 0 && value <= 10_000).prefault('4'),
  PAGE_SIZE: integer(1, 1000).prefault('1000'),
  WORKERS: integer(1, 100).prefault('1'),
  SETTLE_SECONDS: integer(0, 86_400).prefault('60'),
  ON_CHAT_FAILURE: z.enum(['fail', 'park']).default('fail'),
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
