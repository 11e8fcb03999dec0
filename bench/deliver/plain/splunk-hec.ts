import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPost } from './post-json';
import { parse, TOKEN, type OpenPlain } from './spec';

const EVENT = Buffer.from(',"event":');
const END = Buffer.from('}\n');
/** The product's first pause. */
const ASK_EVERY_MS = 100;

export const openSplunkHec: OpenPlain = async ({ url, isAcknowledged }) => {
  const channel = randomUUID();
  const post = createPost(url, { authorization: `Splunk ${TOKEN}`, 'x-splunk-request-channel': channel });

  async function isThere(ackId: number): Promise<boolean> {
    await sleep(ASK_EVERY_MS);
    const body = Buffer.from(JSON.stringify({ acks: [ackId] }));
    const { acks } = (await post(`/services/collector/ack?channel=${channel}`, body)) as {
      acks: Record<string, boolean>;
    };
    return acks[ackId] === true;
  }

  return async (lines) => {
    const events = Buffer.concat(lines.flatMap((line) => [envelopeOf(line), EVENT, line, END]));
    const { ackId } = (await post('/services/collector/event', events)) as { ackId: number };
    if (!isAcknowledged) return;
    while (!(await isThere(ackId)));
  };
};

function envelopeOf(line: Buffer): Buffer {
  const { id, created_at, chat_id, role, chat_user, organization_id, organization_uuid } = parse(line);
  const user = { user_id: chat_user.id, user_email: chat_user.email_address };
  const envelope = {
    time: Date.parse(created_at) / 1000,
    source: 'bench',
    sourcetype: 'compliance-chat-sync:message',
    fields: { id, chat_id, role, ...user, organization_id, organization_uuid },
  };
  return Buffer.from(JSON.stringify(envelope).slice(0, -1));
}
