import { Command, InvalidArgumentError, Option } from 'commander';
import { FAULTS } from './faults';
import type { Fault } from './faults/fault';
import { markdown } from './report';
import { isValid, run, type Result } from './run';
import { LISTINGS, ON_CHAT_FAILURE, type Settings } from './settings';
import { trySize } from './size';
import { TARGETS } from './targets';

interface Flags extends Settings {
  readonly minutes: number;
  readonly rounds?: number;
  readonly seed: string;
  readonly only?: string;
  readonly json?: boolean;
  readonly size?: boolean;
}

const begun = Date.now();
const say = (line: string): void => {
  const seconds = String(Math.round((Date.now() - begun) / 1000)).padStart(4);
  process.stderr.write(`chaos: ${seconds} s  ${line}\n`);
};

async function main({
  minutes,
  rounds,
  seed,
  only,
  json,
  size,
  onChatFailure,
  listing,
  destinations,
  cluster,
}: Flags): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(new Error('stopped')));
  if (size) return trySize({ json: json ?? false }, stop.signal, say);
  const names = only?.split(',');
  const isWanted = ({ name, kind }: Fault): boolean =>
    names ? names.includes(name) || names.includes(kind) : kind !== 'long';
  const faults = FAULTS.filter(isWanted);
  const unknown = names?.filter((wanted) => !FAULTS.some(({ name, kind }) => name === wanted || kind === wanted)) ?? [];
  if (unknown.length > 0) {
    say(`no fault ${unknown.join(', ')}: ${FAULTS.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  say(`seed ${seed}`);
  const settings = { onChatFailure, listing, destinations, cluster };
  const result = await run({ seed, settings, faults, minutes, rounds, signal: stop.signal, say });
  process.stdout.write(`${json ? asJson(result) : markdown(result)}\n`);
  say(`seed ${seed}: ${isValid(result) ? 'everything is right' : 'something is wrong'}`);
  return isValid(result) ? 0 : 1;
}

const asJson = (result: Result): string =>
  JSON.stringify({ valid: isValid(result), ...result }, (_key, value: unknown) =>
    value instanceof Map ? Object.fromEntries<unknown>(value) : value,
  );

const namesOf = (is: (fault: Fault) => boolean): string =>
  FAULTS.filter(is)
    .map(({ name }) => name)
    .join(', ');

function positive(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('Must be a number above 0.');
}

const program = new Command('chaos')
  .description('Tries to break the promise that each message is in the archive exactly once, on real processes.')
  .option('--minutes <n>', 'for how long faults are injected; recovery and checks take about one more', positive, 10)
  .option('--rounds <n>', 'each fault so many times, instead of minutes', positive)
  .option('--seed <text>', 'what happens follows from it, but for the timing of processes', String(Date.now()))
  .option('--only <names>', 'these faults only, or those of a kind: kill-worker,requests,operators')
  .addOption(new Option('--on-chat-failure <what>', 'ON_CHAT_FAILURE').choices(ON_CHAT_FAILURE).default('fail'))
  .addOption(
    new Option('--listing <form>', 'how the server has the product list its chats')
      .choices(Object.keys(LISTINGS))
      .default('organization'),
  )
  .addOption(
    new Option('--destinations <names...>', 'on which real servers, if at hand, messages are delivered beside `http`')
      .choices(TARGETS)
      .default(['postgres', 's3', 'splunk-hec']),
  )
  .option('--cluster', 'on two nodes of the Temporal server on PostgreSQL; the first time it builds them', false)
  .option('--size', 'instead of faults: a backfill of 100,000 chats whose worker is killed half-way; ten minutes')
  .option('--json', 'everything counted, as JSON')
  .addHelpText(
    'after',
    `\nFaults: ${namesOf(({ kind }) => kind !== 'long')}\nOnly with --only, since they take minutes: ${namesOf(({ kind }) => kind === 'long')}\n\nExample:\n  npm run chaos -- --minutes 3 --seed 1`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(async (flags: Flags) => process.exit(await main(flags)));

program.parseAsync().catch((error: unknown) => {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
});
