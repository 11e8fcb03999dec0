import { createRandom } from '../simulator/random';
import { keepAsking, type Asked } from './asking';
import type { Blow, Kind } from './blows/blow';
import { settle } from './finish';
import { strikeAll, Stops, type Tally } from './lanes';
import { waitFor } from './progress';
import type { Settings } from './settings';
import { SCHEDULE_EVERY, withStage, type Stage } from './stage';
import { isExact, verifySink, type Exactness } from './verify/exactness';
import { readHistories } from './verify/histories';
import { failedReplays } from './verify/replays';
import { findSecrets, type SecretsFound } from './verify/secrets';
import { wrongEnds, wrongFailures } from './verify/wrongs';
import { startWatch } from './watch';

const CHATS = 300;
const FIRST_WORK_MS = 120_000;
/** Kinds that share a lane come one after the other; those of different lanes fall at the same time. */
const LANES: readonly (readonly Kind[])[] = [['faults'], ['api'], ['deaths', 'operators', 'sink', 'long']];

export interface RunOptions {
  readonly seed: string;
  readonly settings: Settings;
  readonly blows: readonly Blow[];
  /** For how long blows fall; or, with `rounds`, how often each of them. */
  readonly minutes: number;
  readonly rounds: number | undefined;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface Result {
  readonly seed: string;
  readonly settings: Settings;
  readonly seconds: number;
  readonly tallies: readonly Tally[];
  /** Names of those that this machine does not allow. */
  readonly impossible: readonly string[];
  readonly asked: Asked;
  readonly sink: Exactness;
  readonly secrets: SecretsFound;
  /** Messages in chats that the listing never shows. */
  readonly unseen: number;
  /** Runs of workflows on which workers of two builds worked. */
  readonly mixedRuns: number;
  readonly requests: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Workers that ended by themselves. */
  readonly ownEnds: number;
  readonly looks: number;
  /** What was wrong at some moment, in words. */
  readonly wrongs: readonly string[];
}

export const isRight = ({ sink, secrets, wrongs }: Result): boolean =>
  isExact(sink) && secrets.places.length === 0 && wrongs.length === 0;

export async function run(options: RunOptions): Promise<Result> {
  const { seed, settings, signal } = options;
  let isClean = false;
  const stageOptions = { random: createRandom(`stage ${seed}`), seed, settings, chats: CHATS, signal };
  return withStage(
    stageOptions,
    () => !isClean,
    async (stage) => {
      const result = await runOn(stage, options).catch(async (error: unknown) => {
        (await failedReplays(stage)).forEach(options.say);
        throw error;
      });
      isClean = isRight(result);
      return result;
    },
  );
}

async function runOn(stage: Stage, { seed, settings, blows, minutes, rounds, say }: RunOptions): Promise<Result> {
  const start = Date.now();
  const possible = blows.filter((blow) => blow.possible?.(stage) ?? true);
  await stage.cli.insist(['schedule', '--every', SCHEDULE_EVERY]);
  const asking = keepAsking(stage.cli, createRandom(`asking ${seed}`));
  const watch = startWatch(stage);
  if (!(await waitFor(stage, FIRST_WORK_MS, (memo) => memo?.unfinished !== undefined)))
    throw new Error('no first sync');

  const stops = new Stops();
  const end = start + minutes * 60_000;
  const tallies = await Promise.all(
    LANES.map((kinds) => {
      const own = possible.filter(({ kind }) => kinds.includes(kind));
      const more = (struck: number): boolean =>
        rounds === undefined ? Date.now() < end : struck < rounds * own.length;
      const random = createRandom(`${kinds.join()} ${seed}`);
      return strikeAll({ stage, asking, watch }, stops, { blows: own, random, more, say });
    }),
  );

  say('mending everything, and syncing until the source has settled');
  const { timestamp, hanging } = await settle(stage, asking);
  await watch.stop();
  if (hanging > 0) watch.wrong(`${hanging} requests for a sync never ended`);
  wrongFailures(asking.asked, tallies.flat(), settings).forEach(watch.wrong);
  wrongEnds(stage.workers, tallies.flat()).forEach(watch.wrong);
  say('comparing the sink with the tenant, and looking for secrets');
  const facts = await stage.tenant.facts();
  const { bugs, parked, mixedRuns } = await readHistories(stage);
  [...bugs, ...(await failedReplays(stage))].forEach(watch.wrong);
  const { backfillStart } = stage.tenant;
  return {
    seed,
    settings,
    seconds: Math.round((Date.now() - start) / 1000),
    tallies: tallies.flat(),
    impossible: blows.filter((blow) => !possible.includes(blow)).map(({ name }) => name),
    asked: asking.asked,
    sink: await verifySink({
      sinkFolder: stage.sinkFolder,
      facts,
      backfillStart,
      closed: watch.closed,
      parked,
      rewinds: watch.rewinds,
      timestamp,
    }),
    secrets: await findSecrets(stage, watch, facts.chatIds),
    unseen: facts.unseen,
    mixedRuns,
    requests: facts.requests,
    faults: facts.faults,
    ownEnds: stage.workers.reduce((sum, worker) => sum + worker.ownEnds.length, 0),
    looks: watch.looks,
    wrongs: watch.wrongs,
  };
}
