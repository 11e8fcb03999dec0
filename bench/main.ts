import { Command } from 'commander';
import { isExact } from './exactness';
import { machine, markdown, type Result } from './report';
import { runScenario } from './run-scenario';
import { scenariosOf } from './scenarios';

interface Flags {
  readonly json?: boolean;
  readonly quick?: boolean;
  readonly only?: string;
}

const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

async function main(flags: Flags): Promise<number> {
  const all = scenariosOf({ quick: flags.quick ?? false });
  const { only } = flags;
  const chosen = all.filter(({ name, isLong }) =>
    only === undefined ? !isLong : name === only || name.startsWith(`${only}-`),
  );
  if (chosen.length === 0) {
    say(`no scenario ${only ?? ''}: ${all.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(new Error('stopped')));

  const results: Result[] = [];
  for (const scenario of chosen) results.push(await runScenario(scenario, stop.signal, say));
  process.stdout.write(`${flags.json ? JSON.stringify({ machine: machine(), results }) : markdown(results)}\n`);
  const wrong = results.filter((result) => !isExact(result));
  for (const { name, lost, doubled, foreign } of wrong) {
    say(`${name}: not exact: ${lost} messages lost, ${doubled} doubled, ${foreign} foreign`);
  }
  return wrong.length === 0 ? 0 : 1;
}

const program = new Command('bench')
  .description(
    'Measures the built product on this machine, against the simulator. Takes about 17 minutes; the scenario `size-100000`, ten more, runs only when it is named.',
  )
  .option('--only <name>', 'one scenario, as unlimited-10000, or those of a family: rate, rate-4, unlimited')
  .option('--quick', 'a few seconds each: to see that everything runs, not for figures')
  .option('--json', 'everything measured, as JSON')
  .addHelpText('after', '\nExample:\n  npm run bench -- --only unlimited')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(async (flags: Flags) => process.exit(await main(flags)));

program.parseAsync().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
