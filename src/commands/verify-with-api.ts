import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Environment } from '../config/environment';
import { verificationWorkflowId } from '../contract';
import { isComplete, verifiedSchema, type Verified, type VerifyRequest } from '../domain/verification';
import { isTransient } from '../temporal/update-errors';
import { createVerification, type Verification } from '../verification';
import type { verify } from '../workflows/verify';
import { duration } from './report';
import { print, say, withSession, withWorker } from './session';
import { counted } from '../text/counted';

const LOOK_EVERY_MS = 5000;

/** Has the archive compared with the API, shows how far that is, and prints what was found. Returns 1 if anything is missing or wrong. */
export async function compareWithApi(
  environment: Environment,
  request: VerifyRequest,
  { json }: { json?: boolean | undefined },
): Promise<number> {
  return withSession(environment, async (session) => {
    const verification = createVerification(session.client, session.source.name);
    const handle = await withWorker(session, () => verification.start(request));
    if (handle === null) {
      throw new Error(
        `a verification runs already, perhaps a census: wait for its end, or cancel the workflow ${verificationWorkflowId(session.source.name)}`,
      );
    }
    process.once('SIGINT', () => process.exit(1));
    say(`compares with the API: ${handle.workflowId} (Ctrl-C stops the waiting, not the comparison)`);
    const verified = await follow(verification, handle);
    if (json) print(JSON.stringify(verified));
    else linesOf(verified).forEach(print);
    return isComplete(verified) ? 0 : 1;
  });
}

async function follow(verification: Verification, handle: WorkflowHandle<typeof verify>): Promise<Verified> {
  const looking = new AbortController();
  const looks = look(verification, looking.signal);
  try {
    return await ending(handle);
  } finally {
    looking.abort();
    await looks;
  }
}

async function ending(handle: WorkflowHandle<typeof verify>): Promise<Verified> {
  for (;;) {
    try {
      return verifiedSchema.parse(await handle.result());
    } catch (error) {
      if (error instanceof WorkflowFailedError)
        throw new Error(`the comparison ended early: ${reasonOf(error)}`, { cause: error });
      if (!isTransient(error)) throw error;
      await sleep(LOOK_EVERY_MS);
    }
  }
}

/** The innermost message: those around it are Temporal's. */
function reasonOf(error: Error): string {
  let reason = error.message;
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    reason = cause.message;
    if (cause instanceof ApplicationFailure) break;
  }
  return reason;
}

async function look(verification: Verification, signal: AbortSignal): Promise<void> {
  let last = '';
  const pause = () => sleep(LOOK_EVERY_MS, true, { signal }).catch(() => false);
  while (await pause()) {
    const progress = await verification.progress();
    if (progress === null) continue;
    const { listed, known, compared, messages, secondsLeft } = progress;
    const left = secondsLeft === null ? '' : `, about ${duration(secondsLeft * 1000)} left`;
    const line = `${listed} of about ${counted(Math.max(known, listed), 'chat')} listed, ${compared} compared, ${counted(messages, 'message')}${left}`;
    if (line !== last) say(line);
    last = line;
  }
}

function linesOf(verified: Verified): string[] {
  const { from, to, listed, compared, messages, requests, sample, findings } = verified;
  const some = sample === null ? '' : ', a sample';
  return [
    `${isComplete(verified) ? 'complete' : 'not complete'}: ${from} to ${to}${some}`,
    `  ${counted(listed, 'chat')} listed, ${compared} compared, ${counted(messages, 'message')}, ${counted(requests, 'request')}`,
    ...foundLines(verified).map((line) => `  ${line}`),
    ...(findings ? [`  by id: ${findings.path} in the archive's folder`] : []),
  ];
}

function foundLines(found: Verified): string[] {
  const { missing, unknownChats, doubled, different, goneChats, goneMessages, unread, recovering } = found;
  const remedy = recovering > 0 ? '; the next sync reads their chats again' : '; `--repair` has them read again';
  return [
    missing > 0
      ? `missing: ${missing} messages${unknownChats > 0 ? `, ${unknownChats} chats are not known at all` : ''}${remedy}`
      : '',
    doubled > 0 ? `doubled: ${doubled} messages stand twice` : '',
    different > 0
      ? `different: ${different} messages are not what the API shows now; \`verify --archive\` tells whether the archive was changed`
      : '',
    unread > 0 ? `not compared: ${unread} chats cannot be read` : '',
    goneChats > 0
      ? `gone since: ${goneMessages} messages of ${goneChats} chats are in the archive, and not in the API any more`
      : '',
  ].filter((line) => line !== '');
}
