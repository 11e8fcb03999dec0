import { devNull } from 'node:os';

export type Settings = Readonly<Record<string, string>>;

/** These settings, with what a program needs to be found and to find its cache: no other setting of ours reaches it. */
export function environmentOf(settings: Settings): NodeJS.ProcessEnv {
  const { PATH, HOME, XDG_CACHE_HOME, TEMPORAL_CLI_PATH } = process.env;
  return { PATH, HOME, XDG_CACHE_HOME, TEMPORAL_CLI_PATH, ...settings };
}

/** The settings of whoever talks to this Temporal server about this source. */
export const clientSettings = (address: string, source: string, dataDir: string): Settings => ({
  TEMPORAL_ADDRESS: address,
  TEMPORAL_CONFIG_FILE: devNull,
  SOURCE: source,
  DATA_DIR: dataDir,
});

/** A simulated API, as a worker needs to know it. */
export interface Api {
  readonly url: string;
  readonly key: string;
  /** Before everything that is there. */
  readonly backfillStart: string;
}

/** What a worker's settings are beside a client's. */
export const workerSettings = ({ url, key, backfillStart }: Api): Settings => ({
  ANTHROPIC_COMPLIANCE_ACCESS_KEY: key,
  ANTHROPIC_BASE_URL: url,
  BACKFILL_START: backfillStart,
  // As `up` and the container image start it.
  MALLOC_ARENA_MAX: '2',
});
