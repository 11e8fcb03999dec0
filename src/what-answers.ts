import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { errorCode } from './compliance-api/error-code';

const PATIENCE_MS = 1000;
/** What a client of HTTP/2 begins with: gRPC is HTTP/2, and its server answers with settings of its own at once. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0', 'latin1');
const SETTINGS_FRAME = 4;

export type Tls = Pick<ConnectionOptions, 'servername' | 'ca' | 'cert' | 'key'>;

/** `untrusted`: with TLS, whose certificate does not pass; `other`: no HTTP/2, `silent`: it takes connections and no more. */
export interface Answerer {
  what: 'nothing' | 'http2' | 'http2-over-tls' | 'untrusted' | 'refuses-us' | 'http1' | 'silent' | 'other';
  /** Node's, where there is one. */
  code: string | undefined;
}

/** Looks at what listens at an address, with TLS and without; takes at most four seconds. Never throws. */
export async function whatAnswers(host: string, port: number, tls: Tls = {}): Promise<Answerer> {
  const plain = await greet(() => connectTcp({ host, port }));
  if (plain.what === 'nothing' || plain.what === 'http2') return plain;
  const options = { ...tls, servername: tls.servername ?? (isIP(host) === 0 ? host : ''), ALPNProtocols: ['h2'] };
  const trusting = await greet(() => connectTls({ host, port, ...options }), 'secureConnect');
  if (trusting.what === 'http2') return { what: 'http2-over-tls', code: undefined };
  const anyone = await greet(() => connectTls({ host, port, ...options, rejectUnauthorized: false }), 'secureConnect');
  if (anyone.what === 'http2') return { what: 'untrusted', code: trusting.code };
  // It shook hands, or said in TLS's own words why not: it wants a client's certificate, or another.
  if (/ALERT/.test(trusting.code ?? '')) return { what: 'refuses-us', code: trusting.code };
  return plain;
}

/** @param ready The event after which the other side may be spoken to. */
function greet(open: () => Socket, ready = 'connect'): Promise<Answerer> {
  return new Promise((resolve) => {
    let connected = false;
    let socket: Socket | undefined;
    const end = (what: Answerer['what'], code?: string): void => {
      clearTimeout(timer);
      resolve({ what, code });
      socket?.destroy();
    };
    const timer = setTimeout(() => end(connected ? 'silent' : 'nothing', 'ETIMEDOUT'), PATIENCE_MS);
    try {
      socket = open();
    } catch (error) {
      end('other', errorCode(error));
      return;
    }
    const opened = socket;
    opened.once(ready, () => opened.write(PREFACE));
    opened.once('connect', () => (connected = true));
    opened.once('data', (data: Buffer) => end(nameOf(data)));
    opened.once('error', (error) => end(connected ? 'other' : 'nothing', errorCode(error)));
    opened.once('close', () => end(connected ? 'other' : 'nothing'));
  });
}

function nameOf(data: Buffer): Answerer['what'] {
  if (data.subarray(0, 5).toString('latin1') === 'HTTP/') return 'http1';
  return data[3] === SETTINGS_FRAME ? 'http2' : 'other';
}
