import { createServer } from 'node:http';
import { once } from 'node:events';
import { inspect } from 'node:util';
import type { Duplex } from 'node:stream';
import { clientOf, closeAll, json, secretKey, serve } from './local-server';

const environment = process.env;
const ends: (() => void)[] = [];
afterEach(async () => {
  process.env = environment;
  for (const end of ends.splice(0)) end();
  await closeAll();
});

/** The environment with these proxies and no other. */
function setProxies(proxies: NodeJS.ProcessEnv): void {
  const others = Object.entries(environment).filter(([name]) => !/^(https?|no)_proxy$/i.test(name));
  process.env = { ...Object.fromEntries(others), ...proxies };
}

/** A proxy that treats tunnels as the test says. */
async function proxy(onConnect: (socket: Duplex) => void) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`GET ${request.url}`);
    response.writeHead(502).end();
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url} ${JSON.stringify(request.headers)}`);
    ends.push(() => socket.destroy());
    onConnect(socket);
  });
  ends.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { asked, url: `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}` };
}

describe('the connection', () => {
  it('takes an answer whose headers fill 100 KB, as cookies and policies of a gateway do', async () => {
    const { url } = await serve((request, response) => {
      response.setHeader('content-security-policy', 'x'.repeat(100_000));
      json({ data: [], has_more: false, first_id: null, last_id: null })(request, response);
    });
    expect((await clientOf(url).listChats({})).body.data).toEqual([]);
  });

  it("goes through the environment's proxy, in a tunnel, so that the proxy sees no key", async () => {
    const { url, asked } = await proxy((socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    setProxies({ HTTPS_PROXY: url });
    const call = clientOf('https://api.example.com').listOrganizations({});
    await expect(call).rejects.toMatchObject({ kind: 'network' });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('CONNECT api.example.com:443');
    expect(asked[0]).not.toContain(secretKey);
  });

  it('is a timeout when the proxy does not answer', async () => {
    const { url } = await proxy(() => {});
    setProxies({ HTTPS_PROXY: url });
    const timeouts = { connectMs: 100, headersMs: 100 };
    const call = clientOf('https://api.example.com', { timeouts }).listOrganizations({});
    await expect(call).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('is direct to this machine, whatever the environment says', async () => {
    const { url: proxyUrl, asked } = await proxy((socket) => socket.end());
    setProxies({ HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl });
    const { url } = await serve(json({ data: [] }));
    expect((await clientOf(url).listOrganizations({})).body.data).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('does not repeat a proxy that is not a URL, as it may hold a password', () => {
    setProxies({ HTTPS_PROXY: 'me:hunter2@@proxy' });
    let thrown: unknown;
    try {
      clientOf('https://api.example.com');
    } catch (error) {
      thrown = error;
    }
    expect(inspect(thrown)).toContain('HTTPS_PROXY');
    expect(inspect(thrown, { showHidden: true })).not.toContain('hunter2');
  });
});
