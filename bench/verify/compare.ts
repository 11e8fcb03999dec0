import { createVerification } from '../../src/verification';
import type { VerifyRequest } from '../../src/domain/verification';
import { SOURCE, withEnvironment, type Environment } from '../environment';
import { syncOnce } from '../sync';

/** A tenant whose archive is compared with it. */
export interface ComparisonScenario {
  readonly name: string;
  readonly chats: number;
  readonly requestsPerSecond: number;
}

/** What one pass over the tenant cost. */
interface Pass {
  requests: number;
  seconds: number;
}

/** Figures of `chat-sync verify`, beside those of the sync before it. */
export interface ComparisonResult {
  name: string;
  kind: 'compare';
  chats: number;
  messages: number;
  sync: Pass;
  census: Pass;
  comparison: Pass;
}

export function comparisonsOf({ quick }: { quick: boolean }): ComparisonScenario[] {
  const few = (chats: number): number => (quick ? chats / 100 : chats);
  return [
    { name: 'compare-10000', chats: few(10_000), requestsPerSecond: 10_000 },
    { name: 'compare-100000', chats: few(100_000), requestsPerSecond: 10_000 },
  ];
}

/** Syncs a tenant, has its chats counted, and then all its messages compared. @throws Error if anything is missing or different */
export function measureComparison(
  { name, chats, requestsPerSecond }: ComparisonScenario,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<ComparisonResult> {
  const messagesPerChat: [number, number] = [2, 4];
  const tenant = { chats, messagesPerChat, bigChats: [], latenciesMs: [0], users: null };
  return withEnvironment({ tenant, requestsPerSecond, workers: 1 }, signal, async (environment) => {
    let messages = 0;
    const sync = await passOf(
      environment,
      async () => ({ messages } = await syncOnce(environment.temporal.client, SOURCE)),
    );
    say(`${name}: synced in ${sync.seconds.toFixed(1)} s`);
    const census = await passOf(environment, () => compare(environment, 'chats'));
    say(`${name}: counted in ${census.seconds.toFixed(1)} s`);
    const comparison = await passOf(environment, () => compare(environment, 'messages'));
    say(`${name}: compared in ${comparison.seconds.toFixed(1)} s`);
    return { name, kind: 'compare', chats, messages, sync, census, comparison };
  });
}

async function passOf({ tenant }: Environment, run: () => Promise<unknown>): Promise<Pass> {
  const before = (await tenant.facts()).requestTimes.length;
  const begun = performance.now();
  await run();
  const seconds = (performance.now() - begun) / 1000;
  return { requests: (await tenant.facts()).requestTimes.length - before, seconds };
}

async function compare({ temporal }: Environment, what: VerifyRequest['what']): Promise<void> {
  const request = { what, from: null, to: null, since: null, sample: null, repair: false };
  const handle = await createVerification(temporal.client, SOURCE).start(request);
  if (handle === null) throw new Error('another verification runs');
  const verified = await handle.result();
  const { missing, doubled, different, goneChats, unread } = verified;
  if (missing + doubled + different + goneChats + unread > 0) throw new Error(JSON.stringify(verified));
}
