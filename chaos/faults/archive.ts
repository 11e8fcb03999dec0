import { setTimeout as sleep } from 'node:timers/promises';
import { midSync } from '../progress';
import type { Volume } from '../volume';
import { type Fault, seconds } from './fault';

function archiveFault(
  name: string,
  needsMount: boolean,
  inject: (volume: Volume) => Promise<() => Promise<void>>,
): Fault {
  return {
    name,
    kind: 'archive',
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

export const archive: readonly Fault[] = [
  archiveFault('archive-away', false, (volume) => volume.takeAway()),
  archiveFault('archive-full', true, (volume) => volume.fill()),
  archiveFault('archive-read-only', true, (volume) => volume.makeReadOnly()),
];
