import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { chatFindingSchema, type ChatFinding, type Findings } from './findings';
import { hasCode, toArchiveError } from './folder/errors';
import { createFiles } from './folder/files';

const FOLDER = 'verifications';
const RECOVER = 'recover';
const LAST_CENSUS = 'last-census';
const idsSchema = z.array(z.string());

/** Findings in a folder: a file for each page with findings, and a file for each chat that is to be read again. @param dir FILE_DIR */
export function createFolderFindings(dir: string, source: string): Findings {
  const root = resolve(dir);
  const folder = join(root, source);
  const files = createFiles(fs, root);

  async function put(path: readonly [string, string], name: string, value: unknown): Promise<void> {
    const own = await files.folder(source, ...path);
    await files.claim(join(own, `${name}.json`), JSON.stringify(value));
  }

  async function readAll<T>(run: string, prefix: string, schema: z.ZodType<T>): Promise<T[]> {
    const found: T[] = [];
    for (const name of (await namesIn(join(FOLDER, run))).filter((one) => one.startsWith(prefix))) {
      const text = await files.readText(join(folder, FOLDER, run, name));
      if (text !== null) found.push(schema.parse(JSON.parse(text)));
    }
    return found;
  }

  async function namesIn(path: string): Promise<string[]> {
    return fs.readdir(join(folder, path)).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    });
  }

  async function begin(run: string): Promise<void> {
    for (const name of await namesIn(FOLDER)) {
      if ([run, LAST_CENSUS].includes(name) || name.endsWith('.ndjson')) continue;
      await fs.rm(join(folder, FOLDER, name), { recursive: true, force: true });
    }
  }

  async function read(run: string): Promise<ChatFinding[]> {
    const chats = new Map<string, ChatFinding>();
    for (const finding of await readAll(run, 'finding-', chatFindingSchema)) {
      const before = chats.get(finding.chatId);
      chats.set(finding.chatId, before ? merged(before, finding) : finding);
    }
    return [...chats.values()].sort((a, b) => (a.chatId < b.chatId ? -1 : 1));
  }

  async function keep(run: string, findings: readonly ChatFinding[]): Promise<{ path: string; sha256: string }> {
    const text = findings.map((finding) => `${JSON.stringify(finding)}\n`).join('');
    const path = `${FOLDER}/${run}.ndjson`;
    await files.claim(join(await files.folder(source, FOLDER), `${run}.ndjson`), text);
    return { path, sha256: createHash('sha256').update(text).digest('hex') };
  }

  async function lastCensus(): Promise<string | null> {
    const text = await files.readText(join(folder, FOLDER, LAST_CENSUS));
    return text === null ? null : z.iso.datetime().parse(text.trim());
  }

  async function censusEnded(through: string): Promise<void> {
    const own = await files.folder(source, FOLDER);
    await files.replace(join(own, LAST_CENSUS), `${through}\n`, own);
  }

  async function recover(chatIds: readonly string[]): Promise<void> {
    const own = await files.folder(source, RECOVER);
    for (const chatId of chatIds) await files.claim(join(own, `${nameOf(chatId)}.json`), JSON.stringify([chatId]));
  }

  async function toRecover(
    limit: number,
    isWanted: (chatId: string) => Promise<boolean> = () => Promise.resolve(true),
  ): Promise<string[]> {
    const found: string[] = [];
    for (const name of await namesIn(RECOVER)) {
      if (found.length >= limit) break;
      const text = name.endsWith('.json') ? await files.readText(join(folder, RECOVER, name)) : null;
      const [chatId] = text === null ? [] : idsSchema.parse(JSON.parse(text));
      if (chatId !== undefined && (await isWanted(chatId))) found.push(chatId);
    }
    return found;
  }

  async function taken(chatIds: readonly string[]): Promise<void> {
    for (const chatId of chatIds) await files.discard(join(folder, RECOVER, `${nameOf(chatId)}.json`));
  }

  function saying<A extends unknown[], R>(step: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
    return (...args) =>
      step(...args).catch(async (error: unknown) => {
        throw await toArchiveError(error, dir, fs);
      });
  }

  return {
    begin: saying(begin),
    add: saying((run, page, finding) =>
      put([FOLDER, run], `finding-${nameOf(finding.chatId)}-${nameOf(page).slice(0, 16)}`, finding),
    ),
    addListed: saying((run, page, chatIds) => put([FOLDER, run], `listed-${nameOf(page)}`, chatIds)),
    read: saying(read),
    listed: saying(async (run) => new Set((await readAll(run, 'listed-', idsSchema)).flat())),
    keep: saying(keep),
    lastCensus: saying(lastCensus),
    censusEnded: saying(censusEnded),
    recover: saying(recover),
    toRecover: saying(toRecover),
    taken: saying(taken),
  };
}

/** Ids come from outside: hashed, they cannot point anywhere. */
const nameOf = (id: string): string => createHash('sha256').update(id).digest('hex');

function merged(a: ChatFinding, b: ChatFinding): ChatFinding {
  const both = (name: 'missing' | 'doubled' | 'different' | 'gone'): Partial<ChatFinding> => {
    const ids = [...new Set([...(a[name] ?? []), ...(b[name] ?? [])])];
    return ids.length > 0 ? { [name]: ids } : {};
  };
  return { ...a, ...b, ...both('missing'), ...both('doubled'), ...both('different'), ...both('gone') };
}
