import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { errorCode } from '../compliance-api/error-code';

const PATIENCE_MS = 1000;
/** What a client of HTTP/2 begins with: gRPC is HTTP/2, and its server answers with settings of its own at once. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0', 'latin1');
const SETTINGS_FRAME = 4;

export type Tls = Pick<ConnectionOptions, 'servername' | 'ca' | 'cert' | 'key'>;

/**
 * `untrusted`: HTTP/2 over TLS, whose certificate does not pass; `refuses-us`: TLS, where it hangs up on us; `http1`: with or
 * without TLS; `silent`: it takes connections and no more; `hung-up`: not even that.
 */
export interface Answerer {
  what: 'nothing' | 'http2' | 'http2-over-tls' | 'untrusted' | 'refuses-us' | 'http1' | 'silent' | 'hung-up' | 'other';
  /** Node's, where there is one. */
  code: string | undefined;
}

/** Looks at what listens at an address, without TLS and with it; takes at most three seconds. Never throws. */
export async function whatAnswers(host: string, port: number, tls: Tls = {}): Promise<Answerer> {
  const plain = await greet(() => connectTcp({ host, port }));
  if (plain.what === 'nothing' || plain.what === 'http2') return plain;
  const servername = tls.servername ?? (isIP(host) === 0 ? host : '');
  const options = { ...tls, host, port, servername, ALPNProtocols: ['h2'] };
  const trusting = await greet(() => connectTls(options), 'secureConnect');
  if (trusting.what === 'http2') return { what: 'http2-over-tls', code: undefined };
  const anyone = await greet(() => connectTls({ ...options, rejectUnauthorized: false }), 'secureConnect');
  if (anyone.what === 'http2') return { what: 'untrusted', code: trusting.code };
  const code = anyone.code ?? '';
  if (anyone.what === 'http1' || code.includes('NO_APPLICATION_PROTOCOL')) return { what: 'http1', code: undefined };
  // In TLS's own words, or once hands were shaken: it wants a client's certificate, or another one.
  if (anyone.what === 'hung-up' || code.includes('ALERT')) return { what: 'refuses-us', code: anyone.code };
  return plain;
}

/** @param ready The event after which the other side may be spoken to. */
function greet(open: () => Socket, ready = 'connect'): Promise<Answerer> {
  return new Promise((resolve) => {
    let connected = false;
    let isReady = false;
    let socket: Socket | undefined;
    const end = (what: Answerer['what'], code?: string): void => {
      clearTimeout(timer);
      resolve({ what, code });
      socket?.destroy();
    };
    const timer = setTimeout(() => end(connected ? 'silent' : 'nothing', 'ETIMEDOUT'), PATIENCE_MS);
    const over = (code?: string): void => end(isReady ? 'hung-up' : connected ? 'other' : 'nothing', code);
    let opened: Socket;
    try {
      socket = opened = open();
    } catch (error) {
      end('other', errorCode(error));
      return;
    }
    opened.once('connect', () => (connected = true));
    opened.once(ready, () => {
      isReady = true;
      opened.write(PREFACE);
    });
    opened.once('data', (data: Buffer) => end(nameOf(data)));
    opened.once('error', (error) => over(errorCode(error)));
    opened.once('close', () => over());
  });
}

function nameOf(data: Buffer): Answerer['what'] {
  if (data.subarray(0, 5).toString('latin1') === 'HTTP/') return 'http1';
  return data[3] === SETTINGS_FRAME ? 'http2' : 'other';
}
