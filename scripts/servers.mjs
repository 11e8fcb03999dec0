// Builds and caches the real servers of tests and chaos: all, or those that are named. Plain Node, no dependency.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'servers');
const all = readdirSync(folder).map((name) => name.replace(/\.mjs$/, ''));
const named = process.argv.slice(2);
for (const name of named.filter((one) => !all.includes(one))) {
  console.error(`servers: there is no ${name}: ${all.join(', ')}`);
  process.exit(2);
}
for (const name of named.length > 0 ? named : all) {
  const { find, install } = await import(join(folder, `${name}.mjs`));
  if (find()) continue;
  const start = Date.now();
  console.error(`servers: ${name} ...`);
  try {
    await install();
  } catch (error) {
    console.error(`servers: ${name}: ${error.message}`);
    process.exit(1);
  }
  console.error(`servers: ${name}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
}
