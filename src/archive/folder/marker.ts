import { join } from 'node:path';
import { z } from 'zod';
import type { Window } from '../../domain/window';
import { ArchiveError } from '../archive';
import type { Files } from './files';
import { MARKER, MESSAGES, STAGING } from './layout';

const markerSchema = z.object({ archive: z.string(), source: z.string() });

/**
 * Tells the folder of a source from any other that may be in its place: an empty one below a volume that is not mounted,
 * or one that another Temporal writes. Only `claim` makes that folder.
 */
export function createMarker(files: Files, source: string) {
  const path = join(files.root, source, MARKER);

  /** The id of the archive that is there. */
  async function read(): Promise<string | null> {
    const text = await files.readText(path);
    if (text === null) return null;
    try {
      return markerSchema.parse(JSON.parse(text)).archive;
    } catch {
      throw new ArchiveError(
        'MARKER_UNREADABLE',
        `${files.nameOf(path)} is damaged. If no other Temporal writes there, remove it: the next sync makes it anew.`,
      );
    }
  }

  async function claim(id: string, over: string | null): Promise<string> {
    const found = await read();
    if (found === id || found !== over) return found ?? claim(id, null);
    await files.makeSource(source);
    const staging = await files.folder(source, STAGING);
    await files.folder(source, MESSAGES);
    const text = `${JSON.stringify({ archive: id, source })}\n`;
    if (found === null) await files.claim(path, text, staging);
    else await files.replace(path, text, staging);
    return (await read()) ?? claim(id, null);
  }

  /** @throws ArchiveError if the folder is not the window's archive: nothing may be written there, nor believed. */
  async function require({ archive, from }: Window): Promise<void> {
    if (archive === undefined) return;
    const found = await read();
    if (found === archive) return;
    const elsewhere = `To write elsewhere instead, cancel the workflow chat-sync/${source}, then \`chat-sync rewind --to ${from}\`.`;
    if (found === null) {
      throw new ArchiveError(
        'ARCHIVE_LOST',
        `FILE_DIR (${files.root}) is not the folder that this sync writes to: ${source}/${MARKER} is not there. ` +
          `Bring it back (is the volume mounted?): the sync goes on by itself. ${elsewhere}`,
      );
    }
    throw new ArchiveError(
      'ARCHIVE_FOREIGN',
      `FILE_DIR (${files.root}) is not the folder that this sync writes to: by ${source}/${MARKER} it is another archive's, ` +
        `of another Temporal or since a rewind. Bring the right one back: the sync goes on by itself. ${elsewhere}`,
    );
  }

  return { read, claim, require };
}
