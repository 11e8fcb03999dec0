import { z } from 'zod';
import { DestinationError } from '../destination';
import { refusalOf, type Answer } from '../http-client';

/** Of what an event collector says only numbers are read: its text is not ours. */
const answerSchema = z.object({
  code: z.number().optional().catch(undefined),
  ackId: z.number().optional().catch(undefined),
  acks: z.record(z.string(), z.boolean()).optional().catch(undefined),
});
export type HecAnswer = z.infer<typeof answerSchema>;

export const SUCCESS = 0;
export const NO_DATA = 5;
export const ACK_IS_DISABLED = 14;

const CREDENTIALS = new Set([1, 2, 3, 4]);
const WRONG_INDEX = 7;
const CHANNEL = new Set([10, 11]);
/** What is wrong with one event of the batch: all are refused for it. */
const DATA = new Map([
  [6, 'invalid-data'],
  [12, 'no-event'],
  [13, 'blank-event'],
  [15, 'invalid-fields'],
]);

/** Empty if it is not the answer of an event collector. */
export function hecAnswer({ body }: Answer): HecAnswer {
  try {
    return answerSchema.parse(JSON.parse(body.toString()));
  } catch {
    return {};
  }
}

/** What an answer without success means. */
export function hecError(where: string, answer: Answer, prefix: string): DestinationError {
  const { code } = hecAnswer(answer);
  const says = (name: string, what: string): DestinationError =>
    new DestinationError(name, `${where} ${what} (status ${answer.status}, code ${code ?? 'none'})`);
  if (answer.status >= 200 && answer.status < 300) {
    return says('no-event-collector', 'does not answer as an HTTP Event Collector: see its host and path');
  }
  if (code !== undefined) {
    if (CREDENTIALS.has(code)) {
      return says('unauthorized', `refuses the token: see ${prefix}TOKEN, and that it is enabled`);
    }
    if (code === WRONG_INDEX) {
      return says(
        'wrong-index',
        `does not take events for this index: see ${prefix}INDEX and the indexes of the token`,
      );
    }
    if (CHANNEL.has(code)) return says('no-channel', 'does not take the channel of the requests');
    const data = DATA.get(code);
    if (data !== undefined && answer.status === 400) {
      return new DestinationError(data, `${where} does not take an event (code ${code})`, 'refused');
    }
  }
  return refusalOf(where, answer, `${prefix}TOKEN`);
}
