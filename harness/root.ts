import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const packageAbove = (folder: string): string =>
  existsSync(join(folder, 'package.json')) ? folder : packageAbove(dirname(folder));

/** The folder of package.json, from the sources as well as from lib. */
export const ROOT = packageAbove(__dirname);
