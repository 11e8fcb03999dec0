import { Command } from 'commander';
import { measureDelivery } from './deliver/measure';
import { measureOutage, outagesOf } from './deliver/outage';
import { deliveriesOf } from './deliver/scenarios';
import { createArchives, type Archives } from './made-archive';
import { faultOf, machine, markdown, type Result } from './report';
import { runScenario } from './run-scenario';
import { scenariosOf } from './scenarios';
import { comparisonsOf, measureComparison } from './verify/compare';
import { measureVerification } from './verify/measure';
import { verificationsOf } from './verify/scenarios';

interface Flags {
  readonly json?: boolean;
  readonly quick?: boolean;
  readonly only?: string;
}

/** A scenario of any family. */
interface Choice {
  readonly name: string;
  /** Runs only if `--only` names it. */
  readonly isLong?: boolean;
  /** Null: a server that it needs is not at hand. */
  readonly run: ((signal: AbortSignal) => Promise<Result>) | null;
}

const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

function choicesOf(quick: boolean, archives: Archives): Choice[] {
  return [
    ...scenariosOf({ quick }).map((scenario) => ({
      ...scenario,
      run: (signal: AbortSignal) => runScenario(scenario, signal, say),
    })),
    ...deliveriesOf({ quick }).map((scenario) => ({
      ...{ name: scenario.name, isLong: true },
      run: scenario.start && ((signal: AbortSignal) => measureDelivery(scenario, archives, { say, signal })),
    })),
    ...outagesOf({ quick }).map((scenario) => ({
      ...{ name: scenario.name, isLong: true },
      run: scenario.programs === null ? null : (signal: AbortSignal) => measureOutage(scenario, signal, say),
    })),
    ...comparisonsOf({ quick }).map((scenario) => ({
      ...{ name: scenario.name, isLong: true },
      run: (signal: AbortSignal) => measureComparison(scenario, signal, say),
    })),
    ...verificationsOf({ quick }).map((scenario) => ({
      ...{ name: scenario.name, isLong: true },
      run: () => measureVerification(scenario, archives, say),
    })),
  ];
}

async function main({ quick = false, json = false, only }: Flags): Promise<number> {
  const archives = createArchives(say);
  const all = choicesOf(quick, archives);
  const chosen = all.filter(({ name, isLong }) =>
    only === undefined ? !isLong : name === only || name.startsWith(`${only}-`),
  );
  if (chosen.length === 0) {
    say(`no scenario ${only ?? ''}: ${all.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const skipped = chosen.filter(({ run }) => run === null).map(({ name }) => name);
  if (skipped.length > 0) say(`skipped, for want of a server (node scripts/servers.mjs): ${skipped.join(', ')}`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(new Error('stopped')));

  const results: Result[] = [];
  try {
    for (const { run } of chosen) if (run) results.push(await run(stop.signal));
  } finally {
    await archives.remove();
  }
  process.stdout.write(`${json ? JSON.stringify({ machine: machine(), results }) : markdown(results)}\n`);
  const faults = results.flatMap((result) => {
    const fault = faultOf(result);
    return fault === undefined ? [] : [`${result.name}: ${fault}`];
  });
  faults.forEach(say);
  return faults.length === 0 && results.length > 0 ? 0 : 1;
}

const program = new Command('bench')
  .description(
    'Measures the built product on this machine, against the simulator. Takes about 17 minutes; the scenario `size-100000`, ten more, and the families `deliver`, `verify` and `compare` run only when they are named.',
  )
  .option('--only <name>', 'one scenario, as unlimited-10000, or those of a family: rate, rate-4, deliver')
  .option('--quick', 'a few seconds each: to see that everything runs, not for figures')
  .option('--json', 'everything measured, as JSON')
  .addHelpText('after', '\nExample:\n  npm run bench -- --only unlimited')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(async (flags: Flags) => process.exit(await main(flags)));

program.parseAsync().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
