import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Registers a teardown step; steps run in reverse order. */
export type OnTeardown = (step: () => Promise<unknown>) => void;

/** How to set an environment `S` up, and the work on it, with result `T`. */
export interface Installation<S, T> {
  /** Part of the folder's name. */
  readonly name: string;
  /** Its abort rejects with its reason, after the teardown. */
  readonly signal: AbortSignal;
  readonly setUp: (folder: string, onTeardown: OnTeardown) => Promise<S>;
  readonly work: (environment: S) => Promise<T>;
  /** Whether to leave the folder; default false. */
  readonly keep?: () => boolean;
}

/** Sets an environment up in a new temporary folder, works on it, and tears it down in any case. */
export async function withInstallation<S, T>(installation: Installation<S, T>): Promise<T> {
  const { name, signal, setUp, work, keep = () => false } = installation;
  const folder = await mkdtemp(join(tmpdir(), `chat-sync-${name}-`));
  const teardown: (() => Promise<unknown>)[] = [];
  const over = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over.signal });
  });
  aborted.catch(() => undefined);
  try {
    signal.throwIfAborted();
    const environment = await setUp(folder, (step) => teardown.unshift(step));
    signal.throwIfAborted();
    return await Promise.race([work(environment), aborted]);
  } finally {
    over.abort();
    for (const step of teardown) await step();
    if (keep()) process.stderr.write(`${name}: everything is left in ${folder}\n`);
    else await rm(folder, { recursive: true, force: true });
  }
}
