import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Destination } from '../../src/destinations/destination';
import { authority, signed } from '../support/certificate';
import { recordOf } from '../support/made-archive';
import { configOf, deliveryOf, thrownBy } from './record-deliveries';

const signal = AbortSignal.timeout(100_000);
let folder: string;
let server: Server;
let clients: (string | undefined)[];
const destinations: Destination[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'http-tls-'));
  for (const [name, text] of Object.entries({ ca: authority, cert: signed.cert, key: signed.key })) {
    await writeFile(join(folder, name), text);
  }
  clients = [];
  server = createServer(
    { ...signed, ca: authority, requestCert: true, rejectUnauthorized: false },
    (request, response) => request.resume().on('end', () => response.end()),
  );
  server.on('secureConnection', (socket) => {
    const peer: { subject?: { CN?: string | string[] } } = socket.getPeerCertificate();
    clients.push(peer.subject?.CN?.toString());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  for (const destination of destinations.splice(0)) await destination.close();
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

async function deliver(url: string, more: Record<string, string> = {}, proxy = {}): Promise<unknown> {
  const { definition, settings, name, prefix, secrets } = configOf({ DESTINATIONS: 'http', HTTP_URL: url, ...more });
  const destination = await definition.create(settings, { name, prefix, secrets, source: 's', build: 'test', proxy });
  destinations.push(destination);
  if ('deliverPart' in destination) throw new Error('http takes records');
  return destination.deliver(deliveryOf([recordOf('a')]), signal);
}
const port = (): number => (server.address() as AddressInfo).port;
const file = (name: string): string => join(folder, name);

it('trusts nobody whom it is not told to, and says what to set', async () => {
  const error = await thrownBy(deliver(`https://127.0.0.1:${port()}/`));
  expect(String(error)).toContain('certificate is not trusted, see NODE_EXTRA_CA_CERTS');
  expect(clients).toEqual([]);
});

it('trusts the authority of a file, and shows its own certificate if it has one', async () => {
  const ca = { HTTP_CA_FILE: file('ca') };
  await deliver(`https://127.0.0.1:${port()}/`, ca);
  await deliver(`https://127.0.0.1:${port()}/`, { ...ca, HTTP_CERT_FILE: file('cert'), HTTP_KEY_FILE: file('key') });
  expect(clients).toEqual([undefined, 'localhost']);
});

it('goes through the proxy of the environment to whatever is not on this machine', async () => {
  const asked: string[] = [];
  const proxy = createHttpServer().on('connect', ({ url = '' }: IncomingMessage, near: Duplex) => {
    asked.push(url);
    const far = connect(port(), '127.0.0.1', () => {
      near.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      near.pipe(far).pipe(near);
    });
    for (const end of [near, far]) end.on('error', () => near.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const httpsProxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

  // What stands behind it is not whom it was asked for, and gets nothing.
  const error = await thrownBy(deliver('https://receiver.example/', { HTTP_CA_FILE: file('ca') }, { httpsProxy }));
  expect(String(error)).toMatch(/receiver\.example.*certificate is not trusted/);
  await deliver(`https://127.0.0.1:${port()}/`, { HTTP_CA_FILE: file('ca') }, { httpsProxy });
  expect(asked).toEqual(['receiver.example:443']);
  expect(clients).toEqual([undefined]);
  proxy.close();
  proxy.closeAllConnections();
});
