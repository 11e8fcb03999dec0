import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createSecureServer, createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ConfigError, type Environment } from '../../src/config/environment';
import { connectClient } from '../../src/temporal/connect';
import { TemporalError } from '../../src/temporal/errors';
import { temporalSettings } from '../../src/temporal/settings';
import { certificate } from '../support/certificate';
import { address } from '../support/server';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  for (const socket of sockets) socket.destroy();
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.push(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers every call with this gRPC status, but, for one that is in trouble only later, the first. */
function grpc(status: number, message: string, { greets = true } = {}): Promise<string> {
  const server = createHttp2Server();
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const type = { ':status': 200, 'content-type': 'application/grpc' };
    if (greets && headers[':path']?.endsWith('/GetSystemInfo')) {
      stream.respond(type, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.alloc(5));
    } else {
      stream.respond({ ...type, 'grpc-status': String(status), 'grpc-message': message }, { endStream: true });
    }
  });
  return listen(server);
}

const TLS = { TEMPORAL_TLS: 'true' };
const wantsClientCertificate = { ...certificate, requestCert: true, rejectUnauthorized: true };
async function closed(): Promise<string> {
  const server = createTcpServer();
  const at = await listen(server);
  server.close();
  return at;
}

/** What is there, how it is asked, what is said, and whether it lasts until somebody mends a setting. */
const CASES: [string, () => string | Promise<string>, Environment, RegExp, boolean][] = [
  ['nothing', closed, {}, /^no Temporal at .*ECONNREFUSED.*npm start/, false],
  ['no such host', () => 'temporal.invalid:7233', {}, /^no Temporal at temporal.invalid:7233/, false],
  [
    'no such namespace',
    () => address,
    { TEMPORAL_NAMESPACE: 'prod' },
    /has no namespace prod: `temporal operator namespace create/,
    true,
  ],
  ['Temporal without TLS', () => address, TLS, /answers at .*, but without TLS: TEMPORAL_TLS=false/, true],
  ['the same, for an API key', () => address, { TEMPORAL_API_KEY: 'k' }, /without TLS.*TEMPORAL_API_KEY/, true],
  [
    'TLS where none is set',
    () => listen(createSecureServer(certificate)),
    {},
    /answers with TLS only: TEMPORAL_TLS=true/,
    true,
  ],
  [
    'a certificate that is not trusted',
    () => listen(createSecureServer(certificate)),
    TLS,
    /certificate at .* is not trusted \([A-Z_]+\).*TEMPORAL_TLS_SERVER_CA_CERT_PATH/,
    true,
  ],
  [
    "a server that wants a client's certificate",
    () => listen(createSecureServer(wantsClientCertificate)),
    TLS,
    /wants TLS, and not as it is set.*TEMPORAL_TLS_CLIENT_CERT_PATH/,
    true,
  ],
  [
    'a wrong API key',
    () => grpc(16, 'Request unauthorized.', { greets: false }),
    {},
    /refuses these credentials/,
    true,
  ],
  ['a key for another namespace', () => grpc(7, 'Request unauthorized.'), {}, /refuses these credentials/, true],
  [
    'a full disk',
    () => grpc(14, 'UpdateTaskQueue: database or disk is full (13)'),
    {},
    /fails: its disk is full/,
    false,
  ],
  ['a locked database', () => grpc(14, 'database is locked (5) (SQLITE_BUSY)'), {}, /its database is locked/, false],
  ['trouble of another kind', () => grpc(14, 'shard status unknown'), {}, /gRPC status 14.*Its log says more/, false],
  ['too many requests', () => grpc(8, 'namespace rate limit exceeded'), {}, /gRPC status \d/, false],
  ['another gRPC server', () => grpc(12, 'unknown service'), {}, /is no Temporal, or a very old one/, false],
  ['an HTTP server', () => listen(createHttpServer((_, response) => response.end())), {}, /is an HTTP server/, false],
  [
    'an HTTPS server',
    () => listen(createHttpsServer(certificate, (_, response) => response.end())),
    TLS,
    /is an HTTP server/,
    false,
  ],
  ['something silent', () => listen(createTcpServer(() => undefined)), {}, /something listens at/, false],
  [
    'something that hangs up',
    () => listen(createTcpServer((socket) => socket.destroy())),
    {},
    /something listens/,
    false,
  ],
  [
    'something with words of its own',
    () =>
      listen(createTcpServer((socket) => socket.end('220 mail.example.com ESMTP\r\n').on('error', () => undefined))),
    {},
    /something listens/,
    false,
  ],
];

describe('what is at the address', () => {
  let failures: unknown[];
  beforeAll(async () => {
    failures = await Promise.all(
      CASES.map(async ([, at, environment]) => {
        const settings = { TEMPORAL_CONFIG_FILE: '/dev/null', TEMPORAL_ADDRESS: await at(), ...environment };
        return await connectClient(temporalSettings(settings)).catch((error: unknown) => error);
      }),
    );
  });

  it.each(CASES.map(([title, , , message, lasting], index) => ({ title, message, lasting, index })))(
    'is said of $title',
    ({ message, lasting, index }) => {
      const failure = failures[index];
      expect(failure).toBeInstanceOf(TemporalError);
      expect(failure).toMatchObject({ message: expect.stringMatching(message), lasting });
      expect(String(failure)).not.toMatch(/Status|details|\n|unknown service|Request unauthorized|ESMTP/);
    },
  );
});

describe("Temporal's settings", () => {
  it.each<[string, Environment, RegExp]>([
    ['a word for TLS that is none', { TEMPORAL_TLS: 'True' }, /TEMPORAL_TLS=True: expected true or false/],
    ['an address with a scheme', { TEMPORAL_ADDRESS: 'https://x:7233' }, /expected host:port, without https/],
    ['an address that is none', { TEMPORAL_ADDRESS: 'localhost:port' }, /expected host:port/],
    ['a certificate that is not there', { TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere.pem' }, /cannot be used/],
  ])('are refused for %s', (_title, environment, message) => {
    const read = () => temporalSettings({ TEMPORAL_CONFIG_FILE: '/dev/null', ...environment });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(message);
  });
});
