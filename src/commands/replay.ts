import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyFromJSON, type History } from '@temporalio/common/lib/proto-utils';
import type { HistoryAndWorkflowId } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type ReplayHistoriesIterable,
} from '@temporalio/worker';
import { z } from 'zod';
import type { Environment } from '../config/environment';
import { chatSyncWorkflowId } from '../contract';
import { UsageError } from '../exit';
import { dataConverterOf } from '../temporal/payload-codec';
import { print, withSession, type Session } from './session';

const BUNDLE = join(__dirname, '..', 'workflow-bundle.js');

export interface ReplayOptions {
  file?: string;
  failed?: string;
}

/** `replay`: runs recorded histories against this build's workflows. Returns 1 if one diverges. */
export async function replayCommand(environment: Environment, ids: string[], options: ReplayOptions): Promise<number> {
  const ways = [ids.length > 0, options.file !== undefined, options.failed !== undefined].filter(Boolean);
  if (ways.length > 1) throw new UsageError('either workflow ids, --file or --failed');
  if (options.failed !== undefined && !/^[1-9]\d{0,3}$/.test(options.failed)) {
    throw new UsageError(`--failed ${options.failed}: how many of the last failed syncs`);
  }
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
  const dataConverter = dataConverterOf(environment);
  if (options.file !== undefined) {
    const { workflowId, history } = await fromFile(options.file);
    await requireDecodable(history, dataConverter);
    return replay([{ workflowId, history }], dataConverter, options.file);
  }
  return withSession(environment, async (session) => {
    if (options.failed !== undefined) {
      return replay(failedOf(session, Number(options.failed)), dataConverter, 'a failed sync');
    }
    const workflowIds = ids.length > 0 ? ids : [chatSyncWorkflowId(session.source.name)];
    return replay(fromServer(session, workflowIds), dataConverter, workflowIds.join(', '));
  });
}

/** @param named The histories' origin, for the error if there are none. */
async function replay(
  histories: ReplayHistoriesIterable,
  dataConverter: DataConverter,
  named: string,
): Promise<number> {
  let diverged = 0;
  let replayed = 0;
  /** Skips a run without a completed workflow task: it has decided nothing yet, and the replayer would wait for one. */
  async function* begun(): AsyncGenerator<HistoryAndWorkflowId> {
    for await (const one of histories) {
      const { events } = one.history as History;
      if (events?.some((event) => event.workflowTaskCompletedEventAttributes)) yield one;
      else print(`not begun  ${one.workflowId}`);
      replayed += 1;
    }
  }
  for await (const { workflowId, runId, error } of Worker.runReplayHistories(
    { workflowBundle: { codePath: BUNDLE }, dataConverter },
    begun(),
  )) {
    if (error) diverged += 1;
    print(`${error ? 'diverged' : 'deterministic'}  ${workflowId}  ${runId}${error ? `  ${error.message}` : ''}`);
  }
  if (replayed === 0) throw new Error(`Temporal holds no run of ${named}`);
  return diverged > 0 ? 1 : 0;
}

async function* fromServer({ client }: Session, ids: string[]): AsyncGenerator<HistoryAndWorkflowId> {
  for (const id of ids) {
    yield* client.workflow.list({ query: `WorkflowId = '${id.replaceAll("'", "''")}'` }).intoHistories();
  }
}

/** The runs in which the last failed syncs ended, by the reports that the source keeps: the last twenty. */
async function* failedOf({ client, source }: Session, most: number): AsyncGenerator<HistoryAndWorkflowId> {
  const { memo } = await source.view();
  const failed = memo?.reports.filter(({ outcome }) => outcome === 'failed').slice(-most) ?? [];
  const workflowId = chatSyncWorkflowId(source.name);
  for (const { runId } of failed) {
    if (runId === undefined) continue;
    yield { workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() };
  }
}

const startedSchema = z.object({
  workflowExecutionStartedEventAttributes: z.object({ workflowId: z.string().optional() }),
});

/** Reads a history as written by `temporal workflow show -o json` or the Web UI's download. */
async function fromFile(file: string): Promise<{ workflowId: string; history: History }> {
  try {
    const json: unknown = JSON.parse(await readFile(file, 'utf8'));
    const history = historyFromJSON(json);
    const started = startedSchema.safeParse(history.events?.[0]);
    return { workflowId: started.data?.workflowExecutionStartedEventAttributes.workflowId || file, history };
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new UsageError(`--file ${file}: ${missing ? 'there is no such file' : 'not a workflow history in JSON'}`, {
      cause: error,
    });
  }
}

/** Tests the codec on a file's input; for the server's histories, reading the memo does. @throws UndecodableError */
async function requireDecodable({ events }: History, { payloadCodecs = [] }: DataConverter): Promise<void> {
  const { input } = events?.[0]?.workflowExecutionStartedEventAttributes ?? {};
  for (const codec of payloadCodecs) await codec.decode(input?.payloads ?? []);
}
