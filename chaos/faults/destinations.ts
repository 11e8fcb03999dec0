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

/** Its server dies with all connections, in a transaction or not. */
const killDatabase: Fault = {
  name: 'kill-database',
  kind: 'destinations',
  possible: ({ database }) => database !== null,
  async inject({ environment, random }) {
    const { database } = environment;
    if (random.chance(0.7)) await midSync(environment);
    await database?.kill();
    await sleep(seconds(random, 1, 10));
    await database?.restart();
  },
};

export const destinations: readonly Fault[] = [kill, suspend, killDatabase];
