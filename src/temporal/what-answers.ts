import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { errorCode } from '../text/error-code';

const PATIENCE_MS = 1000;
/** The HTTP/2 client preface: gRPC is HTTP/2, and a gRPC server answers at once with a SETTINGS frame. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0', 'latin1');
const SETTINGS_FRAME = 4;

export type Tls = Pick<ConnectionOptions, 'servername' | 'ca' | 'cert' | 'key'>;

/**
 * `untrusted`: HTTP/2 over TLS with a certificate that is not trusted; `refuses-us`: TLS that closes the connection on
 * us; `http1`: with or without TLS; `silent`: accepts connections and says nothing; `hung-up`: closes them.
 */
export interface Answerer {
  what: 'nothing' | 'http2' | 'http2-over-tls' | 'untrusted' | 'refuses-us' | 'http1' | 'silent' | 'hung-up' | 'other';
  /** Node's error code, if there is one. */
  code: string | undefined;
}

/** Finds out what listens at an address, without and with TLS, within three seconds. Never throws. */
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
  // A TLS alert, or an end after the handshake: the server wants a client certificate, or another one.
  if (anyone.what === 'hung-up' || code.includes('ALERT')) return { what: 'refuses-us', code: anyone.code };
  return plain;
}

/** @param ready The event after which the preface may be sent. */
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
