import { measure } from './measure';
import type { SyncResult } from './report';
import type { Scenario } from './scenarios';

/** Measures a scenario in a new environment. @param say Reports progress, a line at a time. */
export async function runScenario(
  { name, kind, environment }: Scenario,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<SyncResult> {
  const { tenant, requestsPerSecond, workers } = environment;
  say(
    `${name}: ${tenant.chats + tenant.bigChats.length} chats, ${workers === 1 ? 'one worker' : `${workers} workers`} ...`,
  );
  const measured = await measure(environment, signal);
  const { chats, messages, chain } = measured;
  say(`${name}: ${chats} chats, ${messages} messages in ${chain.seconds.toFixed(1)} s`);
  return { name, kind, setRate: requestsPerSecond, ...measured };
}
