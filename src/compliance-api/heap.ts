import { setFlagsFromString } from 'node:v8';

// V8 measures what it may let lie by the memory of the machine. It reads these flags whenever it decides, so that they take
// effect in a process that runs, and in the thread of the workflows.

/** At a process's start: garbage is collected once it is as much as what is in use, instead of up to four times as much. */
export function keepHeapModest(): void {
  // In MiB, for threads that are still to come.
  setFlagsFromString('--max-semi-space-size=2');
  setFlagsFromString('--heap-growing-percent=100');
}

/** From the first large answer on, at the cost of a third more CPU time: what is free goes back to the system. */
export function keepHeapSmall(): void {
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--heap-growing-percent=20');
  // The young generation does not grow back.
  setFlagsFromString('--semi-space-growth-factor=1');
}
