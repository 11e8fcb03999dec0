import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../root';

/** Where a server of scripts/servers is; undefined if this machine has none. */
export function installed(name: string): string | undefined {
  const script = join(ROOT, 'scripts', 'servers', `${name}.mjs`);
  const ask = `const { find } = await import(${JSON.stringify(`file://${script}`)}); console.log(find() ?? '');`;
  const path = execFileSync(process.execPath, ['--input-type=module', '-e', ask], { encoding: 'utf8' }).trim();
  return path === '' ? undefined : path;
}

/** Installs it, as `node scripts/servers.mjs <name>`. */
export function install(name: string): void {
  execFileSync(process.execPath, [join(ROOT, 'scripts', 'servers.mjs'), name], { stdio: 'inherit' });
}
