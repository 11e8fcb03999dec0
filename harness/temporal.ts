import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { ROOT } from './root';

const TRY_EVERY_MS = 250;
const START_TRIES = 240;
const ANSWER_MS = 2000;
/** For the Temporal CLI: whatever this machine's user has set. */
export const NO_PROFILE = ['--disable-config-file', '--disable-config-env'];

/** Dynamic configuration of a Temporal server, by its keys. */
export type DynamicConfig = Readonly<Record<string, number>>;

/** A Temporal Service, and its namespace `default`. */
export interface Temporal {
  readonly address: string;
  /** A client that reconnects. */
  readonly client: Client;
  /** Resolves when it answers. @throws Error after 240 attempts */
  answers(): Promise<void>;
  /** Runs a command of the Temporal CLI. @throws Error with its output if it fails or takes over 30 s */
  cli(args: readonly string[]): Promise<void>;
}

/** The path of the Temporal CLI, which holds the dev server. */
export const temporalCli = (): string =>
  execFileSync(process.execPath, [join(ROOT, 'scripts', 'temporal-cli.mjs')], { encoding: 'utf8' }).trim();

/** What is, or will be, at this address. */
export function temporalAt(address: string): Temporal {
  const program = temporalCli();
  const connection = Connection.lazy({ address, channelArgs: { 'grpc.max_reconnect_backoff_ms': 1000 } });
  const client = new Client({ connection });
  const ask = (): Promise<unknown> => client.workflow.count();
  return {
    address,
    client,
    answers: () => insist(() => client.withDeadline(Date.now() + ANSWER_MS, ask)),
    async cli(args) {
      await promisify(execFile)(program, [...NO_PROFILE, ...args, '--address', address], { timeout: 30_000 });
    },
  };
}

/** Tries until it succeeds. @throws Error after 240 attempts */
export async function insist(attempt: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (tries === START_TRIES) throw error;
      await sleep(TRY_EVERY_MS);
    }
  }
}
