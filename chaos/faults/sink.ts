import { setTimeout as sleep } from 'node:timers/promises';
import { midSync } from '../progress';
import type { Volume } from '../volume';
import { type Fault, seconds } from './fault';

function sinkFault(name: string, needsMount: boolean, inject: (volume: Volume) => Promise<() => Promise<void>>): Fault {
  return {
    name,
    kind: 'sink',
    outage: true,
    possible: ({ volume }) => volume.isMounted || !needsMount,
    async inject({ environment, random }) {
      if (random.chance(0.7)) await midSync(environment);
      const recover = await inject(environment.volume);
      await sleep(seconds(random, 4, 15));
      await recover();
    },
  };
}

export const sink: readonly Fault[] = [
  sinkFault('sink-away', false, (volume) => volume.takeAway()),
  sinkFault('sink-full', true, (volume) => volume.fill()),
  sinkFault('sink-read-only', true, (volume) => volume.makeReadOnly()),
];
