import { join } from 'node:path';
import type { Window } from '../../domain/window';
import { ArchiveError } from '../archive';
import { hasCode } from './errors';
import type { Files } from './files';
import { dayFolder, partNumber, partPath } from './layout';
import type { Part, WindowState } from './lists';

/** The first number that no part of a window with this end has. */
export async function nextNumber(files: Files, source: string, window: Window, state: WindowState): Promise<number> {
  if (state.highest === null) {
    const names = await files.fs.readdir(join(files.root, source, ...dayFolder(window))).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    });
    state.highest = names.reduce((highest, name) => Math.max(highest, partNumber(window, name)), 0);
  }
  const own = state.parts.at(-1)?.path.split('/').at(-1) ?? '';
  let next = Math.max(state.highest, partNumber(window, own)) + 1;
  while (await files.exists(join(files.root, source, partPath(window, next)))) next += 1;
  return next;
}

/** Gives the parts of all lists their final names, where a crash or a slower worker left that open. */
export async function finishParts(
  files: Files,
  source: string,
  staging: string,
  window: Window,
  state: WindowState,
): Promise<void> {
  if (state.open.length === 0) return;
  const day = await files.folder(source, ...dayFolder(window));
  const open = [...state.open];
  for (const part of open) await finishPart(files, source, staging, part);
  // Also for those that another worker renamed: it may have died before this.
  await files.syncFolder(day);
  state.open = state.open.filter((part) => !open.includes(part));
}

/** @throws ArchiveError if a part that was published is not there whole: nothing may be built on it. */
export async function requireParts(
  files: Files,
  source: string,
  { from }: Window,
  { parts }: WindowState,
): Promise<void> {
  for (const { path, bytes } of parts) {
    const whole = join(files.root, source, path);
    const found = await files.sizeOf(whole);
    if (found === bytes) continue;
    throw new ArchiveError(
      'PART_MISSING',
      `${files.nameOf(whole)} was published with ${bytes} bytes and ${found === null ? 'is not there' : `has ${found} now`}: ` +
        `bring it back. If it is gone for good, cancel the workflow chat-sync/${source}, then \`chat-sync rewind --to ${from}\`.`,
    );
  }
}

async function finishPart(files: Files, source: string, staging: string, part: Part): Promise<void> {
  const staged = join(staging, part.staged);
  const path = join(files.root, source, part.path);
  if (!(await files.exists(staged))) return;
  if (await files.exists(path)) {
    // Either another worker renamed it just now, or this is another part.
    if (!(await files.exists(staged))) return;
    throw new ArchiveError('PART_EXISTS', `${files.nameOf(path)} is there already, of another window: move it away.`);
  }
  await files.fs.rename(staged, path).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });
}
