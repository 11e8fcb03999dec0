import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Setting } from '../definition';
import { DestinationError, type Delivery, type RecordDestination } from '../destination';
import { createHttpClient, type Answer } from '../http-client';
import { acknowledged, cookiesOf } from './acknowledgement';
import { ACK_IS_DISABLED, hecAnswer, hecError, NO_DATA, SUCCESS } from './answers';
import type { SplunkHecSettings } from './definition';
import { eventsOf, type Form } from './events';

const EVENT_PATH = '/services/collector/event';
const ACK_PATH = '/services/collector/ack';
const HEALTH_PATH = '/services/collector/health';

/** @param pause Tests have no time to wait for acknowledgements. */
export function createSplunkHec(
  settings: SplunkHecSettings,
  setting: Setting,
  pause: (ms: number, signal: AbortSignal) => Promise<unknown> = (ms, signal) => sleep(ms, undefined, { signal }),
): RecordDestination {
  const { prefix, secrets } = setting;
  const client = createHttpClient({ variable: 'URL', url: settings.URL, files: settings, setting });
  const { where } = client;
  const channel = channelOf(setting);
  const errorOf = (answer: Answer): DestinationError => hecError(where, answer, prefix);

  async function headers(): Promise<Record<string, string>> {
    const token = await secrets['TOKEN']?.();
    if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) {
      throw new DestinationError('no-secret', `${prefix}TOKEN is no token: one line without spaces is expected`);
    }
    return { authorization: `Splunk ${token}`, 'x-splunk-request-channel': channel };
  }

  async function post(path: string, body: Buffer, more: Record<string, string>, signal: AbortSignal): Promise<Answer> {
    const sent = { ...(await headers()), 'content-type': 'application/json', ...more };
    return client.request({ path, headers: sent, body, signal });
  }

  /** A collector that cannot hold a record's numbers refuses it as an object, and takes it as text. */
  async function deliver(delivery: Delivery, signal: AbortSignal): Promise<{ refused: [] }> {
    try {
      await send(delivery, 'object', signal);
    } catch (error) {
      const isData = error instanceof DestinationError && error.answer === 'refused';
      if (!isData || delivery.records.length > 1) throw error;
      await send(delivery, 'text', signal);
    }
    return { refused: [] };
  }

  async function send(delivery: Delivery, form: Form, signal: AbortSignal): Promise<void> {
    const events = eventsOf(delivery, settings, form);
    const isGzip = settings.COMPRESSION === 'gzip';
    const body = isGzip ? await promisify(gzip)(events) : events;
    const answer = await post(EVENT_PATH, body, isGzip ? { 'content-encoding': 'gzip' } : {}, signal);
    const { code, ackId } = hecAnswer(answer);
    if (answer.status !== 200 || code !== SUCCESS) throw errorOf(answer);
    if (settings.ACK === 'off') return;
    const isAcknowledged = ackId !== undefined && (await waitFor(ackId, answer, signal));
    if (!isAcknowledged && settings.ACK === 'on') throw withoutAcknowledgements();
  }

  function waitFor(ackId: number, { headers }: Answer, signal: AbortSignal): Promise<boolean> {
    const cookies = cookiesOf(headers);
    return acknowledged({
      ...{ where, variable: `${prefix}ACK`, ackId, errorOf },
      ask: (body) => post(`${ACK_PATH}?channel=${channel}`, body, cookies, signal),
      pause: (ms) => pause(ms, signal).catch(() => signal.throwIfAborted()),
    });
  }

  const withoutAcknowledgements = (): DestinationError =>
    new DestinationError(
      'no-acknowledgements',
      `${where} gives no acknowledgements: enable them for the token, or set ${prefix}ACK to auto or off`,
    );

  /** The health alone says nothing of the token; events that are none are refused only after it was read. */
  async function check(signal: AbortSignal): Promise<void> {
    const health = await client.request({ method: 'GET', path: HEALTH_PATH, headers: await headers(), signal });
    if (health.status !== 200) throw errorOf(health);
    const answer = await post(EVENT_PATH, Buffer.alloc(0), {}, signal);
    if (hecAnswer(answer).code !== NO_DATA) throw errorOf(answer);
    if (settings.ACK !== 'on') return;
    const acks = await post(`${ACK_PATH}?channel=${channel}`, Buffer.from('{"acks":[0]}'), {}, signal);
    if (hecAnswer(acks).code === ACK_IS_DISABLED) throw withoutAcknowledgements();
    if (acks.status !== 200) throw errorOf(acks);
  }

  return { deliver, check, close: client.close };
}

/** A UUID, the same in each process: acknowledgements are asked for in the channel of the events. */
function channelOf({ name, source }: Setting): string {
  const hex = createHash('sha256')
    .update(JSON.stringify([name, source]))
    .digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
