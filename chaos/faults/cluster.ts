import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervised } from '../../harness/supervised';
import type { Random } from '../../simulator/random';
import type { Environment } from '../environment';
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
      const downMs = seconds(random, 1, 8);
      await killWithDatabase(environment, targetsOf(context), downMs);
    },
  };
}

async function killWithDatabase(
  environment: Environment,
  targets: readonly Supervised[],
  downMs: number,
): Promise<void> {
  const { temporal } = environment;
  await Promise.all([temporal.postgres?.kill(), ...targets.map((target) => target.end('SIGKILL', downMs))]);
  await sleep(downMs);
  await temporal.postgres?.restart();
  await restarted(environment, targets);
  await temporal.answers();
}

/** Faults of a cluster; those of the dev server kill and suspend all its nodes at once. */
export const cluster: readonly Fault[] = [
  kill('kill-node', oneNode, false),
  suspend('stop-node', oneNode, { ...SHORT, outage: false }),
  killDatabase('kill-database', nobody),
  killDatabase('kill-node-worker-and-database', (context) => [...oneNode(context), ...oneWorker(context)]),
].map((fault) => ({ ...fault, possible: ({ temporal }) => temporal.postgres !== null }));
