import { setFlagsFromString } from 'node:v8';

// By default V8 lets garbage grow with the machine's memory. It reads these flags at each decision, so they also take
// effect in a running process, and in the workflows' thread.

/** To be called at start: collects garbage once it equals the memory in use, instead of up to four times that. */
export function keepHeapModest(): void {
  // In MiB; applies to threads created later.
  setFlagsFromString('--max-semi-space-size=2');
  setFlagsFromString('--heap-growing-percent=100');
}

/** To be called at the first large answer: returns free memory to the system, for a third more CPU time. */
export function keepHeapSmall(): void {
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--heap-growing-percent=20');
  // Keeps the young generation from growing back.
  setFlagsFromString('--semi-space-growth-factor=1');
}
