import { isExact } from '../bench/exactness';
import { markdown } from '../bench/report';
import { runScenario } from '../bench/run-scenario';
import { scenariosOf } from '../bench/scenarios';

/** Runs a backfill of 100,000 chats, kills its worker half-way and prints the figures. @returns the exit code. */
export async function trySize(
  { json }: { json: boolean },
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<number> {
  const [scenario] = scenariosOf({ quick: false }).filter(({ kind }) => kind === 'size');
  if (!scenario) throw new Error('there is no scenario of size');
  const result = await runScenario(scenario, signal, say);
  process.stdout.write(`${json ? JSON.stringify(result) : markdown([result])}\n`);
  say(isExact(result) ? 'everything is right' : 'something is wrong');
  return isExact(result) ? 0 : 1;
}
