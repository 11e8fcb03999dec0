import type { Headers } from '../../http/headers';
import { DestinationError } from '../destination';
import type { Answer } from '../http-client';
import { ACK_IS_DISABLED, hecAnswer } from './answers';

const FIRST_MS = 100;
const LONGEST_MS = 10_000;
const AT_MOST_MS = 300_000;

export interface Poll {
  where: string;
  /** The setting that says whether to ask. */
  variable: string;
  ackId: number;
  /** Asks once. @throws DestinationError if there is no answer */
  ask: (body: Buffer) => Promise<Answer>;
  /** What an answer means that is none. */
  errorOf: (answer: Answer) => DestinationError;
  /** Resolves after so many ms. @throws the signal's reason */
  pause: (ms: number) => Promise<unknown>;
}

/**
 * Asks until the indexers have a delivery, for five minutes. An answer that fails is asked for again: to send the events anew for it would
 * double them. @returns false if the token gives no acknowledgements.
 * @throws DestinationError
 */
export async function acknowledged({ where, variable, ackId, ask, errorOf, pause }: Poll): Promise<boolean> {
  const body = Buffer.from(JSON.stringify({ acks: [ackId] }));
  let failure: DestinationError | undefined;
  let ms = FIRST_MS;
  for (let waited = 0; waited < AT_MOST_MS; waited += ms, ms = Math.min(ms * 2, LONGEST_MS)) {
    await pause(ms);
    const answer = await ask(body).catch((error: unknown) => {
      if (!(error instanceof DestinationError)) throw error;
      failure = error;
      return undefined;
    });
    if (answer === undefined) continue;
    const { code, acks } = hecAnswer(answer);
    if (code === ACK_IS_DISABLED) return false;
    failure = answer.status === 200 && acks !== undefined ? undefined : errorOf(answer);
    if (failure === undefined && acks?.[ackId] === true) return true;
    if (failure?.code === 'unauthorized') break;
  }
  throw (
    failure ??
    new DestinationError(
      'not-acknowledged',
      `${where} took a delivery and did not acknowledge it in five minutes: it is sent again; if it never does, see ${variable}`,
    )
  );
}

/** The cookies of an answer, as a request gives them back: behind a load balancer they lead to the server that will acknowledge. */
export function cookiesOf(headers: Headers): Record<string, string> {
  const set = [headers['set-cookie'] ?? []].flat();
  const cookies = set.map((cookie) => cookie.split(';', 1)[0]?.trim()).filter((cookie) => cookie !== undefined);
  return cookies.length === 0 ? {} : { cookie: cookies.join('; ') };
}
