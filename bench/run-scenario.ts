import { measure } from './measure';
import type { Result } from './report';
import type { Scenario } from './scenarios';

/** Sets a scenario up, measures it, and takes it down. @param say Progress, a line at a time. */
export async function runScenario(
  { name, kind, stage }: Scenario,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Result> {
  const { tenant, requestsPerSecond, workers } = stage;
  say(
    `${name}: ${tenant.chats + tenant.bigChats.length} chats, ${workers === 1 ? 'one worker' : `${workers} workers`} ...`,
  );
  const measured = await measure(stage, signal);
  const { chats, messages, chain } = measured;
  say(`${name}: ${chats} chats, ${messages} messages in ${chain.seconds.toFixed(1)} s`);
  return { name, kind, setRate: requestsPerSecond, ...measured };
}
