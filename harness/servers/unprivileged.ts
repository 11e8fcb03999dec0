import { execFileSync } from 'node:child_process';
import { chown, cp, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Whom to run servers as that refuse to run as root. */
export interface Account {
  uid?: number;
  gid?: number;
}

/** `nobody` if this process is root's; else whoever it is. */
export function account(): Account {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** A temporary folder that belongs to the account. */
export async function folderOf({ uid, gid }: Account, name: string): Promise<string> {
  const folder = await mkdtemp(join(await open(tmpdir(), uid), `chat-sync-${name}-`));
  if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid);
  return folder;
}

/** The folder, or the one above it that others may pass through. */
async function open(folder: string, uid: number | undefined): Promise<string> {
  const isOpen = uid === undefined || ((await stat(folder)).mode & 0o001) !== 0;
  return isOpen ? folder : open(dirname(folder), uid);
}

/** Root's own folders are closed to others: what lies there is copied to where the account may read it. */
export async function readable({ uid }: Account, path: string, to: string): Promise<string> {
  if (uid === undefined || !path.startsWith(homedir())) return path;
  await mkdir(to, { recursive: true });
  await cp(path, to, { recursive: true, verbatimSymlinks: true });
  return to;
}

export const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
