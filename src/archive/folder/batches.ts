import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeLines } from '../write-lines';
import type { ReadChat, Receipt } from '../../domain/published';
import { type Batch, ArchiveError } from '../archive';
import { type Append, type Files, randomName } from './files';
import type { MessageDeduplicator } from './message-deduplicator';

const NAME = /^[0-9a-f]{16}-[0-9a-f]{32}$/;

/**
 * Stages a batch under a name of its own, which nobody knows before it is whole: no late attempt can change what another one
 * has reported.
 */
export async function stageBatch(files: Files, folder: string, batch: Batch, signal?: AbortSignal): Promise<Receipt> {
  // Ids come from outside: hashed, they cannot point anywhere.
  const name = `${createHash('sha256').update(batch.chatId).digest('hex').slice(0, 16)}-${randomName()}`;
  const receipt: Receipt = { name, records: 0, bytes: 0, sha256: '' };
  await files.create(join(folder, name), async (append) => {
    const checked: Append = (piece) => {
      signal?.throwIfAborted();
      return append(piece);
    };
    Object.assign(receipt, await writeLines(batch.records, checked));
  });
  await files.syncFolder(folder);
  return receipt;
}

/** A staged batch on its way into a part. */
export interface Outgoing {
  receipt: Receipt;
  /** What its chat has let through; absent where nothing can be repeated. */
  deduplicator: MessageDeduplicator | undefined;
}

/** Splits batches into parts, in order; a part passes `partBytes` only where one batch does. @param deduplicators By chat. */
export function planParts(
  chats: ReadChat[],
  deduplicators: ReadonlyMap<string, MessageDeduplicator>,
  partBytes: number,
): Outgoing[][] {
  const parts: Outgoing[][] = [];
  let bytes = Infinity;
  for (const { chatId, receipts } of chats) {
    for (const receipt of receipts.filter(({ records }) => records > 0)) {
      if (bytes + receipt.bytes > partBytes) {
        parts.push([]);
        bytes = 0;
      }
      parts.at(-1)?.push({ receipt, deduplicator: deduplicators.get(chatId) });
      bytes += receipt.bytes;
    }
  }
  return parts;
}

/** Joins staged batches into the new file `path`, each checked against its receipt on the way. @param signal Ends it early. */
export async function joinBatches(
  files: Files,
  folder: string,
  batches: Outgoing[],
  path: string,
  signal?: AbortSignal,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await files.create(path, async (append) => {
    const add: Append = async (piece) => {
      if (piece.length === 0) return;
      hash.update(piece);
      bytes += piece.length;
      await append(piece);
    };
    for (const { receipt, deduplicator } of batches) {
      await copyBatch(files, folder, receipt, (piece) => {
        signal?.throwIfAborted();
        return add(deduplicator ? deduplicator.filter(piece) : piece);
      });
    }
  });
  return { bytes, sha256: hash.digest('hex') };
}

async function copyBatch(
  files: Files,
  folder: string,
  receipt: Receipt,
  append: (piece: Buffer) => Promise<void>,
): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  const path = batchPath(folder, receipt);
  const found = await files.read(path, (piece) => {
    hash.update(piece);
    bytes += piece.length;
    return append(piece);
  });
  if (!found) {
    throw new ArchiveError(
      'STAGED_MISSING',
      `${files.nameOf(path)} is not there: all workers of a source need the same FILE_DIR, on one shared volume. ` +
        'If it is gone for good, cancel the workflow chat-sync/<source>: the next sync reads those chats again.',
    );
  }
  if (bytes !== receipt.bytes || hash.digest('hex') !== receipt.sha256) {
    throw new ArchiveError(
      'STAGED_DAMAGED',
      `${files.nameOf(path)} is not as it was written: check the disk, then cancel the workflow chat-sync/<source>: ` +
        'the next sync reads those chats again.',
    );
  }
}

/** Removes the staged files of published chats. */
export async function discardBatches(files: Files, folder: string, chats: ReadChat[]): Promise<void> {
  for (const receipt of chats.flatMap((chat) => chat.receipts)) await files.discard(batchPath(folder, receipt));
}

function batchPath(folder: string, receipt: Receipt): string {
  if (!NAME.test(receipt.name)) throw new ArchiveError('BAD_RECEIPT', 'A receipt is not of this archive.');
  return join(folder, receipt.name);
}
