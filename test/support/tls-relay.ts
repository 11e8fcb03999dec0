import { once } from 'node:events';
import {
  connect,
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

/** TLS before the Temporal server of the test run, which has none: calls pass as they are. */
export interface TlsRelay {
  readonly address: string;
  /** Who called, with which headers. */
  readonly calls: IncomingHttpHeaders[];
  close(): Promise<void>;
}

const UNAUTHENTICATED = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '16' };

/** @param apiKey The one key that is let in; everybody, if there is none. */
export async function startTlsRelay(target: string, tls: SecureServerOptions, apiKey?: string): Promise<TlsRelay> {
  const far = connect(`http://${target}`);
  const calls: IncomingHttpHeaders[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer(tls);
  server.on('session', (session) => {
    sessions.add(session.on('error', () => undefined));
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (near: ServerHttp2Stream, headers) => {
    near.on('error', () => undefined);
    calls.push(headers);
    if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`) {
      near.respond({ ...UNAUTHENTICATED, 'grpc-message': 'Request unauthorized.' }, { endStream: true });
      return;
    }
    const call = far.request({ ...headers, ':scheme': 'http', ':authority': target });
    call.on('error', () => near.close(constants.NGHTTP2_INTERNAL_ERROR));
    near.once('close', () => call.close());
    near.pipe(call);
    call.once('response', (answer: OutgoingHttpHeaders, flags) => {
      const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      near.respond(answer, endStream ? { endStream } : { waitForTrailers: true });
      call.once('trailers', (trailers: OutgoingHttpHeaders) =>
        near.on('wantTrailers', () => near.sendTrailers(trailers)),
      );
      if (!endStream) call.pipe(near);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      far.destroy();
      await closed;
    },
  };
}
