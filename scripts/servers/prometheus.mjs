// Prometheus and promtool, for the alert rules and the dashboard; the distribution's.
import { run } from '../go-build.mjs';
import { onPath } from '../temporal-cli.mjs';

/** Its program; undefined if it, or promtool, is not at hand. */
export const find = () => (onPath('promtool') ? onPath('prometheus') : undefined);

/** Half a minute. */
export async function install() {
  if (!onPath('apt-get') || process.getuid() !== 0) {
    throw new Error("only apt-get, as root, is known here: install your distribution's package `prometheus`");
  }
  await run('apt-get', ['update', '-qq']);
  await run('apt-get', ['install', '-qq', '--no-install-recommends', 'prometheus'], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}
