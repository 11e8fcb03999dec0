import { Command, InvalidArgumentError, Option } from 'commander';
import { createDemoTenant } from './demo-tenant';
import { DEMO_KEY } from './keys';
import { GENERATIONS, type Generation } from './rules';
import { startSimulator } from './server';
import type { Timestamps } from './tenant';
import { parseRfc3339, type Precision } from './timestamps';

interface Flags {
  readonly port: number;
  readonly host: string;
  readonly generation: Generation;
  readonly seed: string;
  readonly anchor?: number;
  readonly latencyMs: number;
  readonly faultRate: number;
  readonly liveEvery: number;
  readonly timestamps: Timestamps;
  readonly absent: boolean;
  readonly chats?: number;
  readonly messagesPerChat?: number;
  readonly bigChat?: number;
  readonly rateLimit: number;
  readonly key: string;
}

const program = new Command('chat-sync simulate')
  .description('Serves a tenant of fictitious people by the rules of the Anthropic Compliance API.')
  .option('--port <n>', 'where to listen; 0 is any free port', integer(0, 65_535), 8765)
  .option('--host <address>', 'on which address', '127.0.0.1')
  .addOption(new Option('--generation <name>', 'whose rules').choices(GENERATIONS).default('now'))
  .option('--seed <text>', 'which tenant; the same seed and anchor show the same messages', '1')
  .option('--anchor <time>', 'RFC 3339: thirty days of chats lie before it, new messages after (default: now)', time)
  .option('--latency-ms <n>', 'before each answer', integer(0, 600_000), 0)
  .option('--fault-rate <share>', 'of requests that fail, 0 to 1', share, 0)
  .option('--live-every <n>', 'change the tenant at every n-th request; 0 is never', integer(0, 1_000_000), 0)
  .addOption(
    new Option('--timestamps <precision>', 'seconds, millis or micros; or two of them: chats,messages')
      .argParser(timestamps)
      .default({ chats: 'seconds', messages: 'millis' } satisfies Timestamps, 'seconds,millis'),
  )
  .option('--absent', 'leave out what the newest official examples do not have', false)
  .option('--chats <n>', 'so many chats in the thirty days', integer(1, 1_000_000))
  .option('--messages-per-chat <n>', 'so many messages in each of them', integer(1, 100_000))
  .option('--big-chat <messages>', 'one chat more, with so many messages', integer(1, 1_000_000))
  .option('--rate-limit <n>', 'requests a minute; 0 is no limit', integer(0, 1_000_000), 600)
  .option('--key <key>', 'the only key that is let in', DEMO_KEY)
  .addHelpText('after', '\nExample:\n  $ node lib/simulator/main.js --port 0 --generation mid --fault-rate 0.05')
  .allowExcessArguments(false)
  // Commander exits 0 for --help; its other exits are usage errors.
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(serve);

void program.parseAsync();

async function serve(flags: Flags): Promise<void> {
  const { port, host, generation, seed, latencyMs, absent, key, messagesPerChat } = flags;
  const tenant = createDemoTenant({
    seed,
    anchor: flags.anchor,
    timestamps: flags.timestamps,
    chats: flags.chats,
    messagesPerChat: messagesPerChat === undefined ? undefined : [messagesPerChat, messagesPerChat],
    bigChats: flags.bigChat === undefined ? [] : [flags.bigChat],
  });
  try {
    const simulator = await startSimulator({
      port,
      host,
      tenant,
      generation,
      latencyMs,
      absent,
      keys: [{ key }],
      faults: { rate: flags.faultRate, seed },
      live: flags.liveEvery === 0 ? undefined : { every: flags.liveEvery, seed },
      rateLimitPerMinute: flags.rateLimit === 0 ? Infinity : flags.rateLimit,
    });
    const stop = (): void => void simulator.close().then(() => process.exit(0));
    for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(signal, stop);
    process.stdout.write(`Compliance API simulator at ${simulator.url}  key ${key}\n`);
    process.send?.({ url: simulator.url, key });
  } catch (error) {
    process.stderr.write(`simulator: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Must be an integer from ${min} to ${max}.`);
  };
}

function share(text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value <= 1) return value;
  throw new InvalidArgumentError('Must be a number from 0 to 1.');
}

function time(text: string): number {
  const micros = parseRfc3339(text);
  if (micros === undefined) throw new InvalidArgumentError('Must be an RFC 3339 time, as 2026-10-01T00:00:00Z.');
  return micros / 1_000;
}

function timestamps(text: string): Timestamps {
  const [chats, messages = chats, ...more] = text.split(',');
  if (!isPrecision(chats) || !isPrecision(messages) || more.length > 0) {
    throw new InvalidArgumentError('Must be seconds, millis or micros, or two of them: chats,messages.');
  }
  return { chats, messages };
}

function isPrecision(text: string | undefined): text is Precision {
  return text === 'seconds' || text === 'millis' || text === 'micros';
}
