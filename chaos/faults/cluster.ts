import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../simulator/random';
import { midSync } from '../progress';
import { kill, oneWorker, restarted, suspend, type Targets } from './deaths';
import { type Fault, seconds } from './fault';

const SHORT = { kind: 'deaths', ms: (random: Random) => seconds(random, 10, 40) } as const;

const oneNode: Targets = ({ environment, random }) => [random.pick(environment.temporal.servers)];
const nobody: Targets = () => [];

/** The cluster's database dies with all connections, and these processes with it; all come back after 1 to 8 s. */
function killDatabase(name: string, targetsOf: Targets): Fault {
  return {
    name,
    kind: 'deaths',
    outage: true,
    async inject(context) {
      const { environment, random } = context;
      await midSync(environment);
      const { temporal } = environment;
      const downMs = seconds(random, 1, 8);
      const targets = targetsOf(context);
      await Promise.all([temporal.postgres?.kill(), ...targets.map((target) => target.end('SIGKILL', downMs))]);
      await sleep(downMs);
      await temporal.postgres?.restart();
      await restarted(environment, targets);
      await temporal.answers();
    },
  };
}

/** A rolling restart, as of an upgrade: the nodes drain and come back one after another. */
const restartNodes: Fault = {
  name: 'restart-nodes',
  kind: 'deaths',
  async inject({ environment }) {
    await midSync(environment);
    for (const node of environment.temporal.servers) {
      await node.end('SIGTERM');
      await restarted(environment, [node]);
    }
  },
};

/** Faults of a cluster; those of the dev server kill and suspend all its nodes at once. */
export const cluster: readonly Fault[] = [
  kill('kill-node', oneNode, false),
  restartNodes,
  suspend('stop-node', oneNode, { ...SHORT, outage: false }),
  killDatabase('kill-database', nobody),
  killDatabase('kill-node-worker-and-database', (context) => [...oneNode(context), ...oneWorker(context)]),
].map((fault) => ({ ...fault, possible: ({ temporal }) => temporal.postgres !== null }));
