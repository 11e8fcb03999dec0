import { setTimeout as sleep } from 'node:timers/promises';
import { midSync } from '../progress';
import { type Fault, seconds } from './fault';

/** The destination is away for 1 to 20 s; no sync notices. */
const kill: Fault = {
  name: 'kill-destination',
  kind: 'destinations',
  async inject({ environment, random }) {
    if (random.chance(0.7)) await midSync(environment);
    await environment.receiver.process.end('SIGKILL', seconds(random, 1, 20));
    await environment.receiver.process.up();
  },
};

/** It takes connections, and answers nobody. */
const suspend: Fault = {
  name: 'stop-destination',
  kind: 'destinations',
  async inject({ environment, random }) {
    if (random.chance(0.7)) await midSync(environment);
    environment.receiver.process.suspend();
    await sleep(seconds(random, 5, 20));
    environment.receiver.process.resume();
  },
};

/** One of the real servers dies with all connections, in the middle of whatever it does. */
const killServer: Fault = {
  name: 'kill-destination-server',
  kind: 'destinations',
  possible: ({ targets }) => targets.length > 0,
  async inject({ environment, random }) {
    const target = random.pick(environment.targets);
    if (random.chance(0.7)) await midSync(environment);
    await target.kill();
    await sleep(seconds(random, 1, 10));
    await target.start();
  },
};

export const destinations: readonly Fault[] = [kill, suspend, killServer];
