import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const packageAbove = (folder: string): string =>
  existsSync(join(folder, 'package.json')) ? folder : packageAbove(dirname(folder));

/** The folder of the package, for the sources and for what the compiler made of them. */
export const ROOT = packageAbove(__dirname);
