import { access, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadArchiveConfig } from '../config/config';
import type { Environment } from '../config/environment';

/** Where the archive is that SOURCE and FILE_DIR name. @throws Error if there is none */
export async function archivePlace(environment: Environment): Promise<{ source: string; place: string }> {
  const { folder, source } = loadArchiveConfig(environment);
  const place = join(resolve(folder), source);
  await access(place).catch(async () => {
    const others = (await readdir(resolve(folder)).catch(() => [])).filter((name) => !name.startsWith('.'));
    const there = others.length > 0 ? `; there is ${others.join(', ')}` : '';
    throw new Error(
      `there is no archive of source ${source} in ${resolve(folder)}: SOURCE and FILE_DIR name it${there}`,
    );
  });
  return { source, place };
}
