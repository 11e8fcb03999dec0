import { readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 100;

/** Preloaded into the workers: their `Date` is wrong by the milliseconds that stand in this file. */
const file = process.env['CHAOS_CLOCK_FILE'] ?? '';
let wrongBy = 0;

function look(): void {
  try {
    wrongBy = Number(readFileSync(file, 'utf8'));
  } catch {
    wrongBy = 0;
  }
}

look();
setInterval(look, LOOK_EVERY_MS).unref();
globalThis.Date = new Proxy(Date, {
  construct: (date, args, target) =>
    Reflect.construct(date, args.length === 0 ? [date.now() + wrongBy] : args, target) as Date,
  get: (date, name): unknown => (name === 'now' ? () => date.now() + wrongBy : Reflect.get(date, name)),
});
