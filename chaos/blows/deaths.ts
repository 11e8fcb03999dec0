import { setTimeout as sleep } from 'node:timers/promises';
import { midSync } from '../progress';
import type { Stage } from '../stage';
import type { Supervised } from '../supervised';
import { type Blow, type Scene, seconds } from './blow';

/** Workers drain within 25 s; a busy machine adds some. */
const DRAIN_MS = 30_000;

type Choice = (scene: Scene) => readonly Supervised[];

const oneWorker: Choice = ({ stage, random }) => [random.pick(stage.workers)];
const allWorkers: Choice = ({ stage }) => stage.workers;
const server: Choice = ({ stage }) => [stage.temporal.process];
const everything: Choice = ({ stage }) => [stage.temporal.process, ...stage.workers];

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
function suspend(name: string, choice: Choice, stops: boolean): Blow {
  return {
    name,
    kind: 'deaths',
    ...(stops ? { stops } : {}),
    async strike(scene) {
      if (scene.random.chance(0.7)) await midSync(scene.stage);
      const victims = choice(scene);
      for (const victim of victims) victim.suspend();
      await sleep(seconds(scene.random, 10, 40));
      for (const victim of victims) victim.resume();
    },
  };
}

async function backAgain(stage: Stage, victims: readonly Supervised[]): Promise<void> {
  await Promise.all(victims.map((victim) => victim.up()));
  if (victims.includes(stage.temporal.process)) await stage.temporal.answers();
}

const term: Blow = {
  name: 'term-worker',
  kind: 'deaths',
  async strike({ stage, watch, random }) {
    await midSync(stage);
    const worker = random.pick(stage.workers);
    const start = Date.now();
    const { code } = await worker.end('SIGTERM');
    if (code !== 0) watch.wrong(`${worker.name} ended with ${code ?? 'a signal'} at SIGTERM`);
    if (Date.now() - start > DRAIN_MS) watch.wrong(`${worker.name} took more than ${DRAIN_MS / 1000} s to end`);
    await worker.up();
  },
};

export const deaths: readonly Blow[] = [
  kill('kill-worker', oneWorker, false),
  kill('kill-all-workers', allWorkers, true),
  kill('kill-server', server, true),
  kill('kill-everything', everything, true),
  term,
  suspend('stop-worker', oneWorker, false),
  suspend('stop-server', server, true),
  suspend('stop-everything', everything, true),
];
