import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervised } from '../../harness/supervised';
import type { Random } from '../../simulator/random';
import { holderAmong, midSync } from '../progress';
import type { Environment } from '../environment';
import type { Watch } from '../watch';
import { type Fault, type FaultContext, type LastingFault, seconds } from './fault';

/** Workers drain within 25 s; the rest is for a busy machine. */
const DRAIN_MS = 30_000;
const BACK_MS = 1000;
/** The longest time a worker takes to start and to connect to Temporal. */
const READY_MS = 60_000;

const SHORT = { kind: 'deaths', ms: (random: Random) => seconds(random, 10, 40) } as const;

export type Targets = (context: FaultContext) => readonly Supervised[];

export const oneWorker: Targets = ({ environment, random }) => [random.pick(environment.workers)];
const allWorkers: Targets = ({ environment }) => environment.workers;
const servers: Targets = ({ environment }) => environment.temporal.servers;
export const everything: Targets = ({ environment: { temporal, workers } }) => [...temporal.servers, ...workers];

/** Sends SIGKILL, and starts the processes again after 1 to 5 s. */
export function kill(name: string, targetsOf: Targets, outage: boolean): Fault {
  return {
    name,
    kind: 'deaths',
    ...(outage ? { outage } : {}),
    async inject(context) {
      if (context.random.chance(0.7)) await midSync(context.environment);
      const downMs = seconds(context.random, 1, 5);
      const targets = targetsOf(context);
      await Promise.all(targets.map((target) => target.end('SIGKILL', downMs)));
      await restarted(context.environment, targets);
    },
  };
}

/** Sends SIGSTOP, and SIGCONT after `ms`. */
export function suspend(name: string, targetsOf: Targets, { kind, outage, ms }: LastingFault): Fault {
  return {
    name,
    kind,
    ...(outage ? { outage } : {}),
    async inject(context) {
      if (context.random.chance(0.7)) await midSync(context.environment);
      const targets = targetsOf(context);
      for (const target of targets) target.suspend();
      await sleep(ms(context.random));
      for (const target of targets) target.resume();
    },
  };
}

export async function restarted(environment: Environment, targets: readonly Supervised[]): Promise<void> {
  await Promise.all(targets.map((target) => target.up()));
  const { temporal } = environment;
  if (temporal.servers.some((server) => targets.includes(server))) await temporal.answers();
}

const term: Fault = {
  name: 'term-worker',
  kind: 'deaths',
  async inject({ environment, watch, random }) {
    await midSync(environment);
    await restart(random.pick(environment.workers), watch);
  },
};

/**
 * A rolling deployment: restarts the workers from the other build one by one, if possible the worker that runs the
 * sync. Meanwhile workers of both builds replay the same workflow.
 */
const newBuild: Fault = {
  name: 'new-build',
  kind: 'deaths',
  async inject({ environment, watch, random }) {
    await environment.deployment.switchOver();
    for (const waiting = new Set(environment.workers); waiting.size > 0;) {
      await midSync(environment);
      const worker = (await holderAmong(environment, [...waiting])) ?? random.pick([...waiting]);
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
  if (code !== 0) watch.addViolation(`${worker.name} ended with ${code ?? 'a signal'} at SIGTERM`);
  if (Date.now() - start > DRAIN_MS) watch.addViolation(`${worker.name} took more than ${DRAIN_MS / 1000} s to end`);
  await worker.up();
  if (!(await worker.ready(READY_MS))) throw new Error(`${worker.name} did not come back`);
}

/** The machine restarts, and the Temporal server starts 8 to 20 s after the workers. */
const lateTemporal: Fault = {
  name: 'temporal-away-at-start',
  kind: 'deaths',
  outage: true,
  async inject(context) {
    const { environment, watch, random } = context;
    if (random.chance(0.7)) await midSync(environment);
    const lateMs = seconds(random, 8, 20);
    await Promise.all([
      ...environment.temporal.servers.map((server) => server.end('SIGKILL', BACK_MS + lateMs)),
      ...environment.workers.map((worker) => worker.end('SIGKILL', BACK_MS)),
    ]);
    const crashes = (): number => environment.workers.reduce((sum, worker) => sum + worker.crashes.length, 0);
    const before = crashes();
    await restarted(environment, everything(context));
    if (crashes() > before) watch.addViolation('a worker exited while Temporal was unavailable');
  },
};

export const deaths: readonly Fault[] = [
  kill('kill-worker', oneWorker, false),
  kill('kill-all-workers', allWorkers, true),
  kill('kill-server', servers, true),
  kill('kill-everything', everything, true),
  term,
  newBuild,
  lateTemporal,
  suspend('stop-worker', oneWorker, { ...SHORT, outage: false }),
  suspend('stop-server', servers, { ...SHORT, outage: true }),
  suspend('stop-everything', everything, { ...SHORT, outage: true }),
];
