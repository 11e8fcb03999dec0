import { z } from 'zod';
import { startProgram, type Running } from '../../harness/programs';
import type { Settings } from '../../harness/process-env';

/** What scripts/image.mjs prints. */
export const imageSchema = z.object({
  /** Of its files. */
  folder: z.string(),
  config: z.object({
    User: z.string(),
    Env: z.array(z.string()),
    Entrypoint: z.array(z.string()),
    Cmd: z.array(z.string()),
    WorkingDir: z.string(),
  }),
});
export type Image = z.output<typeof imageSchema>;

export interface Container {
  image: Image;
  /** The folder that is its /data, where alone it can write. */
  data: string;
  /** Instead of the image's. */
  entrypoint?: readonly string[];
  /** Instead of the image's command. */
  args?: readonly string[];
  settings?: Settings;
}

/** With mounts of its own: the image's files read-only, the folder at /data, the machine's /dev and /proc; then as the user. */
const IN_CONTAINER = `set -e
mount --bind "$1" "$1"
mount --bind "$2" "$1/data"
for name in dev proc; do mount --rbind "/$name" "$1/$name"; done
mount --options remount,bind,ro "$1"
root="$1" user="$3"; shift 3
exec setpriv --no-new-privs chroot --userspec="$user" "$root" "$@"`;

/** Starts a container of the image as an engine would, on the machine's network. */
export function startContainer({ image, data, entrypoint, args, settings = {} }: Container): Running {
  const { User, Env, Entrypoint, Cmd, WorkingDir } = image.config;
  const environment = [...Env, ...Object.entries(settings).map(([name, value]) => `${name}=${value}`)];
  const program = [...(entrypoint ?? Entrypoint), ...(args ?? (entrypoint ? [] : Cmd))];
  const inside = ['env', '--ignore-environment', `--chdir=${WorkingDir}`, ...environment, ...program];
  const outside = ['--mount', 'sh', '-c', IN_CONTAINER, 'sh', image.folder, data, User, ...inside];
  return startProgram('unshare', outside, {}, '/');
}
