import { createRandom } from '../simulator/random';
import { keepAsking, type Asked } from './asking';
import type { Fault, Kind } from './faults/fault';
import { settle } from './finish';
import { Outages, runNemesis, type Tally } from './nemesis';
import { waitFor } from './progress';
import type { Settings } from './settings';
import { SCHEDULE_EVERY, withEnvironment, type Environment } from './environment';
import { isDelivered, verifyDeliveries, type Deliveries } from './verify/deliveries';
import { isExact, verifySink, type Exactness } from './verify/exactness';
import { readHistories } from './verify/histories';
import { failedReplays } from './verify/replays';
import { findSecrets, type SecretsFound } from './verify/secrets';
import { isVerified, verifyAsAuditor, type Verifications } from './verify/verifications';
import { unexplainedCrashes, unexplainedFailures } from './verify/unexplained';
import { startWatch } from './watch';

const CHATS = 300;
const FIRST_WORK_MS = 120_000;
/** The kinds of faults of each nemesis. Nemeses inject their faults at the same time, each one after another. */
const NEMESES: readonly (readonly Kind[])[] = [
  ['requests'],
  ['api'],
  ['deaths', 'operators', 'archive', 'long'],
  ['destinations'],
];

export interface RunOptions {
  readonly seed: string;
  readonly settings: Settings;
  readonly faults: readonly Fault[];
  /** For how long faults are injected, unless `rounds` is set. */
  readonly minutes: number;
  /** How often each fault is injected. */
  readonly rounds: number | undefined;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface Result {
  readonly seed: string;
  readonly settings: Settings;
  readonly seconds: number;
  readonly tallies: readonly Tally[];
  /** Names of faults that this machine does not allow. */
  readonly impossible: readonly string[];
  readonly asked: Asked;
  readonly archive: Exactness;
  readonly deliveries: Deliveries;
  readonly verifications: Verifications;
  readonly secrets: SecretsFound;
  /** Messages in chats that the listing never shows. */
  readonly unseen: number;
  /** Workflow runs with tasks completed by workers of two builds. */
  readonly mixedRuns: number;
  readonly requests: number;
  /** How many requests failed on purpose, by `FaultKind` of the simulator. */
  readonly requestFaults: Readonly<Record<string, number>>;
  /** How often workers exited by themselves. */
  readonly crashes: number;
  /** How often the invariants were checked during the run. */
  readonly checks: number;
  /** Violations of invariants, in words. */
  readonly violations: readonly string[];
}

/** Whether the archive is exact, the destination has it, no secret was found and no invariant was violated. */
export const isValid = ({ archive, deliveries, verifications, unseen, secrets, violations }: Result): boolean =>
  isExact(archive) &&
  isDelivered(deliveries) &&
  isVerified(verifications, unseen) &&
  secrets.places.length === 0 &&
  violations.length === 0;

/**
 * Starts an environment, injects faults, checks the archive and the histories, and searches for secrets. An invalid result
 * leaves the environment's folder. @throws Error if the source makes no progress
 */
export async function run(options: RunOptions): Promise<Result> {
  const { seed, settings, signal } = options;
  let isClean = false;
  const environmentOptions = { random: createRandom(`environment ${seed}`), seed, settings, chats: CHATS, signal };
  return withEnvironment(
    environmentOptions,
    () => !isClean,
    async (environment) => {
      const result = await runOn(environment, options).catch(async (error: unknown) => {
        (await failedReplays(environment)).forEach(options.say);
        throw error;
      });
      isClean = isValid(result);
      return result;
    },
  );
}

async function runOn(
  environment: Environment,
  { seed, settings, faults, minutes, rounds, say }: RunOptions,
): Promise<Result> {
  const start = Date.now();
  const possible = faults.filter((fault) => fault.possible?.(environment) ?? true);
  await environment.cli.insist(['schedule', '--every', SCHEDULE_EVERY]);
  const asking = keepAsking(environment.cli, createRandom(`asking ${seed}`));
  const watch = startWatch(environment);
  if (!(await waitFor(environment, FIRST_WORK_MS, (memo) => memo?.unfinished !== undefined)))
    throw new Error('no first sync');

  const outages = new Outages();
  const end = start + minutes * 60_000;
  const tallies = await Promise.all(
    NEMESES.map((kinds) => {
      const own = possible.filter(({ kind }) => kinds.includes(kind));
      const more = (injected: number): boolean =>
        rounds === undefined ? Date.now() < end : injected < rounds * own.length;
      const random = createRandom(`${kinds.join()} ${seed}`);
      return runNemesis({ environment, asking, watch }, outages, { faults: own, random, more, say });
    }),
  );

  say('recovering, and syncing until the source has settled');
  const { timestamp, hanging } = await settle(environment, asking);
  await watch.stop();
  if (hanging > 0) watch.addViolation(`${hanging} requests for a sync never ended`);
  unexplainedFailures(asking.asked, tallies.flat(), settings).forEach(watch.addViolation);
  unexplainedCrashes(environment.workers, tallies.flat()).forEach(watch.addViolation);
  say('verifying the archive, and copies of it that are damaged');
  const verifications = await verifyAsAuditor(environment);
  say('comparing the archive with the tenant, and looking for secrets');
  const facts = await environment.tenant.facts();
  const { bugs, parked, mixedRuns } = await readHistories(environment);
  [...bugs, ...(await failedReplays(environment))].forEach(watch.addViolation);
  const { backfillStart } = environment.tenant;
  return {
    seed,
    settings,
    seconds: Math.round((Date.now() - start) / 1000),
    tallies: tallies.flat(),
    impossible: faults.filter((fault) => !possible.includes(fault)).map(({ name }) => name),
    asked: asking.asked,
    archive: await verifySink({
      archiveFolder: environment.archiveFolder,
      facts,
      backfillStart,
      closed: watch.closed,
      parked,
      rewinds: watch.rewinds,
      timestamp,
    }),
    deliveries: await verifyDeliveries(environment),
    verifications,
    secrets: await findSecrets(environment, watch, facts.chatIds),
    unseen: facts.unseen,
    mixedRuns,
    requests: facts.requests,
    requestFaults: facts.requestFaults,
    crashes: environment.workers.reduce((sum, worker) => sum + worker.crashes.length, 0),
    checks: watch.checks,
    violations: watch.violations,
  };
}
