import { readFileSync } from 'node:fs';

const READ_EVERY_MS = 100;

/** Workers preload this module: it skews `Date` by the milliseconds in this file. */
const file = process.env['CHAOS_CLOCK_FILE'] ?? '';
let skewMs = 0;

function readSkew(): void {
  try {
    skewMs = Number(readFileSync(file, 'utf8'));
  } catch {
    skewMs = 0;
  }
}

readSkew();
setInterval(readSkew, READ_EVERY_MS).unref();
globalThis.Date = new Proxy(Date, {
  construct: (date, args, target) =>
    Reflect.construct(date, args.length === 0 ? [date.now() + skewMs] : args, target) as Date,
  get: (date, name): unknown => (name === 'now' ? () => date.now() + skewMs : Reflect.get(date, name)),
});
