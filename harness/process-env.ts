import { devNull } from 'node:os';

/** Environment variables of a program. */
export type Settings = Readonly<Record<string, string>>;

/** The environment of a child process: the settings, the search path and the caches, and no other variable. */
export function processEnv(settings: Settings): NodeJS.ProcessEnv {
  const { PATH, HOME, XDG_CACHE_HOME, TEMPORAL_CLI_PATH } = process.env;
  return { PATH, HOME, XDG_CACHE_HOME, TEMPORAL_CLI_PATH, ...settings };
}

/** Settings of every process that uses this Temporal server and source. */
export const clientSettings = (address: string, source: string, dataDir: string): Settings => ({
  TEMPORAL_ADDRESS: address,
  TEMPORAL_CONFIG_FILE: devNull,
  SOURCE: source,
  DATA_DIR: dataDir,
});

/** The simulated API's settings. */
export interface Api {
  readonly url: string;
  readonly key: string;
  /** A time before the first message, RFC 3339. */
  readonly backfillStart: string;
}

/** Settings of a worker beyond `clientSettings`. */
export const workerSettings = ({ url, key, backfillStart }: Api): Settings => ({
  ANTHROPIC_COMPLIANCE_ACCESS_KEY: key,
  ANTHROPIC_BASE_URL: url,
  BACKFILL_START: backfillStart,
  // `up` and the container image set the same.
  MALLOC_ARENA_MAX: '2',
});
