import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervised } from '../../harness/supervised';
import type { Random } from '../../simulator/random';
import { holderAmong, midSync } from '../progress';
import type { Stage } from '../stage';
import type { Watch } from '../watch';
import { type Blow, type Lasting, type Scene, seconds } from './blow';

/** Workers drain within 25 s; a busy machine adds some. */
const DRAIN_MS = 30_000;
const BACK_MS = 1000;
/** Until a worker has started and found Temporal, on a busy machine. */
const READY_MS = 60_000;

const SHORT = { kind: 'deaths', ms: (random: Random) => seconds(random, 10, 40) } as const;

type Choice = (scene: Scene) => readonly Supervised[];

export const oneWorker: Choice = ({ stage, random }) => [random.pick(stage.workers)];
const allWorkers: Choice = ({ stage }) => stage.workers;
const server: Choice = ({ stage }) => [stage.server];
export const everything: Choice = ({ stage }) => [stage.server, ...stage.workers];

/** kill -9, and back after a while. */
function kill(name: string, choice: Choice, stops: boolean): Blow {
  return {
    name,
    kind: 'deaths',
    ...(stops ? { stops } : {}),
    async strike(scene) {
      if (scene.random.chance(0.7)) await midSync(scene.stage);
      const downMs = seconds(scene.random, 1, 5);
      const victims = choice(scene);
      await Promise.all(victims.map((victim) => victim.end('SIGKILL', downMs)));
      await backAgain(scene.stage, victims);
    },
  };
}

/** SIGSTOP, and SIGCONT after a while: to the others it looks dead, and then it is not. */
export function suspend(name: string, choice: Choice, { kind, stops, ms }: Lasting): Blow {
  return {
    name,
    kind,
    ...(stops ? { stops } : {}),
    async strike(scene) {
      if (scene.random.chance(0.7)) await midSync(scene.stage);
      const victims = choice(scene);
      for (const victim of victims) victim.suspend();
      await sleep(ms(scene.random));
      for (const victim of victims) victim.resume();
    },
  };
}

async function backAgain(stage: Stage, victims: readonly Supervised[]): Promise<void> {
  await Promise.all(victims.map((victim) => victim.up()));
  if (victims.includes(stage.server)) await stage.temporal.answers();
}

const term: Blow = {
  name: 'term-worker',
  kind: 'deaths',
  async strike({ stage, watch, random }) {
    await midSync(stage);
    await restart(random.pick(stage.workers), watch);
  },
};

/**
 * One worker after another, if it can be the one that does the sync, is started again from the other build: for a while
 * workers of both serve the source, and what those of one began is replayed by those of the other.
 */
const newBuild: Blow = {
  name: 'new-build',
  kind: 'deaths',
  async strike({ stage, watch, random }) {
    await stage.deployment.switchOver();
    for (const waiting = new Set(stage.workers); waiting.size > 0;) {
      await midSync(stage);
      const worker = (await holderAmong(stage, [...waiting])) ?? random.pick([...waiting]);
      waiting.delete(worker);
      await restart(worker, watch);
      await sleep(seconds(random, 1, 5));
    }
  },
};

async function restart(worker: Supervised, watch: Watch): Promise<void> {
  await worker.ready(READY_MS);
  const start = Date.now();
  const { code } = await worker.end('SIGTERM');
  if (code !== 0) watch.wrong(`${worker.name} ended with ${code ?? 'a signal'} at SIGTERM`);
  if (Date.now() - start > DRAIN_MS) watch.wrong(`${worker.name} took more than ${DRAIN_MS / 1000} s to end`);
  await worker.up();
  if (!(await worker.ready(READY_MS))) throw new Error(`${worker.name} did not come back`);
}

/** The machine starts anew, and Temporal is the last to be there. */
const awayAtStart: Blow = {
  name: 'temporal-away-at-start',
  kind: 'deaths',
  stops: true,
  async strike(scene) {
    const { stage, watch, random } = scene;
    if (random.chance(0.7)) await midSync(stage);
    const tryingMs = seconds(random, 8, 20);
    await Promise.all([
      stage.server.end('SIGKILL', BACK_MS + tryingMs),
      ...stage.workers.map((worker) => worker.end('SIGKILL', BACK_MS)),
    ]);
    const gaveUp = (): number => stage.workers.reduce((sum, worker) => sum + worker.ownEnds.length, 0);
    const before = gaveUp();
    await backAgain(stage, everything(scene));
    if (gaveUp() > before) watch.wrong('a worker gave up while Temporal was away');
  },
};

export const deaths: readonly Blow[] = [
  kill('kill-worker', oneWorker, false),
  kill('kill-all-workers', allWorkers, true),
  kill('kill-server', server, true),
  kill('kill-everything', everything, true),
  term,
  newBuild,
  awayAtStart,
  suspend('stop-worker', oneWorker, { ...SHORT, stops: false }),
  suspend('stop-server', server, { ...SHORT, stops: true }),
  suspend('stop-everything', everything, { ...SHORT, stops: true }),
];
