import { setTimeout as sleep } from 'node:timers/promises';
import { midSync } from '../progress';
import type { Volume } from '../volume';
import { type Blow, seconds } from './blow';

function trouble(name: string, needsMount: boolean, strike: (volume: Volume) => Promise<() => Promise<void>>): Blow {
  return {
    name,
    kind: 'sink',
    stops: true,
    possible: ({ volume }) => volume.isMounted || !needsMount,
    async strike({ stage, random }) {
      if (random.chance(0.7)) await midSync(stage);
      const mend = await strike(stage.volume);
      await sleep(seconds(random, 4, 15));
      await mend();
    },
  };
}

export const sink: readonly Blow[] = [
  trouble('sink-away', false, (volume) => volume.takeAway()),
  trouble('sink-full', true, (volume) => volume.fill()),
  trouble('sink-read-only', true, (volume) => volume.makeReadOnly()),
];
