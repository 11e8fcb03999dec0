import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import * as net from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { Agent } from 'undici';
import type { ApiError } from '../../src/compliance-api/errors';
import { createPacer } from '../../src/compliance-api/pacer';
import { clientOf, closeAll, connectionClosed, json, serve, serveBytes } from './local-server';
import { chat, chatPage } from './samples';

afterEach(closeAll);

const page = JSON.stringify(chatPage(chat));
const head = (...lines: string[]) =>
  ['HTTP/1.1 200 OK', 'content-type: application/json', ...lines, '', ''].join('\r\n');
const kind = (name: ApiError['kind']) => ({ name: 'ApiError', kind: name });
const send =
  (bytes: string | Uint8Array, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(200, headers).end(bytes);

describe('an answer that is broken', () => {
  it.each([
    ['is cut in the middle of its length', [head(`content-length: ${page.length}`), page.slice(0, 40)]],
    ['is shorter than its length, though whole', [head(`content-length: ${page.length + 10}`), page]],
    ['is longer than its length', [head(`content-length: ${page.length - 5}`), page]],
    ['is cut between chunks', [head('transfer-encoding: chunked'), `${page.length.toString(16)}\r\n${page}\r\n`]],
    ['ends with the connection, half-way', [head('connection: close'), page.slice(0, 40)]],
    ['is cut within a character', [head('connection: close'), '{"name":"', Uint8Array.of(0xc3)]],
    ['is deflate, cut', [head('connection: close', 'content-encoding: deflate'), deflateRawSync(page).subarray(0, 60)]],
    ['is deflate of nothing', [head('connection: close', 'content-encoding: deflate')]],
    ['is gzip, cut', [head('connection: close', 'content-encoding: gzip'), gzipSync(page).subarray(0, 60)]],
  ])('is cut-short when it %s', async (_title, pieces) => {
    await expect(clientOf(await serveBytes(...pieces)).listChats({})).rejects.toMatchObject(kind('cut-short'));
  });

  it.each<[ApiError['kind'], string, (string | Uint8Array)[]]>([
    ['empty', 'has no bytes', [head('content-length: 0')]],
    ['empty', 'has blanks alone', [head('content-length: 2'), ' \n']],
    ['empty', 'is a 204', ['HTTP/1.1 204 No Content\r\n\r\n']],
    ['not-json', 'holds a NaN', [head('connection: close'), '{"data":[],"has_more":NaN}']],
    ['not-json', 'goes on behind its end', [head('connection: close'), `${page}{}`]],
    [
      'not-json',
      'is not UTF-8',
      [head('connection: close'), '{"data":["', Uint8Array.of(0xff), '"],"has_more":false}'],
    ],
    ['unknown-encoding', 'is said to be gzip', [head('connection: close', 'content-encoding: gzip'), page]],
    ['unknown-encoding', 'is said to be br', [head('connection: close', 'content-encoding: br'), page]],
    ['unknown-encoding', 'is said to be deflate', [head('connection: close', 'content-encoding: deflate'), page]],
  ])('is whole and nothing that a retry mends: %s when it %s', async (name, _title, pieces) => {
    await expect(clientOf(await serveBytes(...pieces)).listChats({})).rejects.toMatchObject(kind(name));
  });

  it.each([
    ['hangs up without an answer', []],
    ['speaks no HTTP', ['SSH-2.0-OpenSSH_9.6\r\n']],
    ['stops within the headers', ['HTTP/1.1 200 OK\r\ncontent-']],
  ])('is a network error when the server %s', async (_title, pieces) => {
    await expect(clientOf(await serveBytes(...pieces)).listChats({})).rejects.toMatchObject(kind('network'));
  });

  it('is a network error, with its code, when nobody listens', async () => {
    const free = net.createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const address = free.address();
    free.close();
    await once(free, 'close');
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const asked = clientOf(`http://127.0.0.1:${port}`).listChats({});
    await expect(asked).rejects.toMatchObject({ ...kind('network'), code: 'ECONNREFUSED' });
  });

  it.each<[string | undefined, string | undefined, string | Uint8Array]>([
    ['text/html', 'text/html; charset=utf-8', ' \n<html>Sign in</html>'],
    ['text/html', 'Text/HTML', ''],
    ['text/html', 'text/html', '{ "half": '],
    ['application/json', 'application/json', '<html>Sign in</html>'],
    ['text/plain', 'text/plain', 'not found'],
    ['text/plain', 'text/plain', '{login page}'],
    ['application/octet-stream', 'application/octet-stream', Uint8Array.of(0x1f, 0x8b, 8)],
    ['application/json', 'application/json', gzipSync(page)],
    [undefined, undefined, '<html>Sign in</html>'],
    [undefined, 'the secret of somebody', '<html>Sign in</html>'],
    [undefined, `text/${'x'.repeat(100)}`, '<html>Sign in</html>'],
  ])('is not-json, of the content type %j, when it comes as %j', async (contentType, header, body) => {
    const { url } = await serve(send(body, header === undefined ? {} : { 'content-type': header }));
    await expect(clientOf(url).listChats({})).rejects.toThrow(
      'chats: the answer is not JSON, or not in UTF-8; look for a proxy or a login page in front of the API (not-json, status 200' +
        `${contentType === undefined ? '' : `, content type ${contentType}`})`,
    );
  });

  it.each([
    ['text/html', page],
    ['application/problem+json; charset=utf-8', page],
    [undefined, page],
  ])('is read where it is JSON all the same, whatever its content type says: %j', async (type, body) => {
    const { url } = await serve(send(body, type === undefined ? {} : { 'content-type': type }));
    expect((await clientOf(url).listChats({})).body.data).toEqual([chat]);
  });

  it.each([
    ['zstd', 'zstd'],
    ['Constructor', 'constructor'],
    ['gzip, compress', 'compress'],
    ['gzip, gzip, gzip, gzip', 'gzip'],
    ['the secret of somebody', undefined],
  ])('is of an unknown-encoding, and says which, when it is encoded as %j', async (header, coding) => {
    const { url } = await serve(send(page, { 'content-encoding': header }));
    await expect(clientOf(url).listChats({})).rejects.toThrow(
      'chats: the answer is compressed in a way that is not known, or not as it says; look for a proxy in front of the API ' +
        `(unknown-encoding, status 200${coding === undefined ? '' : `, content encoding ${coding}`})`,
    );
  });

  it.each<[string, string | Uint8Array]>([
    ['identity', page],
    ['Identity', page],
    ['', page],
    ['gzip', gzipSync(page)],
    ['GZIP', gzipSync(page)],
    ['x-gzip', gzipSync(page)],
    ['br', brotliCompressSync(page)],
    ['Deflate', deflateSync(page)],
    ['deflate', deflateRawSync(page)],
    ['x-deflate', deflateRawSync(page)],
    ['gzip, br', brotliCompressSync(gzipSync(page))],
    ['deflate , identity,gzip', gzipSync(deflateRawSync(page))],
  ])('is read when it is encoded as %j', async (coding, body) => {
    const { url } = await serve(send(body, { 'content-encoding': coding }));
    expect((await clientOf(url).listChats({})).body.data).toEqual([chat]);
  });

  it('is read when it is encoded twice, in headers of its own, and when it begins with a byte order mark', async () => {
    const bytes = brotliCompressSync(gzipSync(`\ufeff${page}`));
    const head = ['HTTP/1.1 200 OK', 'content-encoding: gzip', 'content-encoding: br', 'connection: close', '', ''];
    const { body } = await clientOf(await serveBytes(head.join('\r\n'), bytes)).listChats({});
    expect(body.data).toEqual([chat]);
  });

  it('is of an unexpected shape when it is nested without end', async () => {
    const { url } = await serve(send(`{"data":${'['.repeat(100_000)}${']'.repeat(100_000)},"has_more":false}`));
    await expect(clientOf(url).listChats({})).rejects.toMatchObject(kind('unexpected-shape'));
  });

  it('leaves the next request unharmed', async () => {
    let cut = true;
    const { url } = await serve((request, response) => {
      if (!cut) return send(page)(request, response);
      cut = false;
      response.writeHead(200, { 'content-length': page.length });
      response.write(page.slice(0, 40), () => response.destroy());
    });
    const api = clientOf(url);
    await expect(api.listChats({})).rejects.toMatchObject(kind('cut-short'));
    expect((await api.listChats({})).body.data).toHaveLength(1);
  });
});

describe('an answer that is late', () => {
  const timeouts = { connectMs: 500, headersMs: 300, bodyMs: 300, wholeBodyMs: 600 };

  it('is a timeout when its headers never come', async () => {
    const { url } = await serve(() => {});
    await expect(clientOf(url, { timeouts }).listChats({})).rejects.toMatchObject(kind('timeout'));
  });

  it('is a timeout when its body stops', async () => {
    const { url } = await serve((_request, response) => response.writeHead(200).write('{'));
    const asked = clientOf(url, { timeouts: { bodyMs: 300 } }).listChats({});
    await expect(asked).rejects.toMatchObject(kind('timeout'));
  });

  it('is a timeout when its body drips for ever, and the connection ends', async () => {
    const { url, requests } = await serve(drip);
    await expect(clientOf(url, { timeouts }).listChats({})).rejects.toMatchObject(kind('timeout'));
    await connectionClosed(requests[0]);
  });

  it('does not hide its status when only the body of an error drips', async () => {
    const { url } = await serve(drip503);
    await expect(clientOf(url, { timeouts }).listChats({})).rejects.toMatchObject(kind('overloaded'));
  });

  describe('and is cancelled', () => {
    const reason = new Error('cancelled');

    it("ends with the signal's reason before its headers", async () => {
      const stop = new AbortController();
      const { url } = await serve(() => stop.abort(reason));
      await expect(clientOf(url).listChats({}, { signal: stop.signal })).rejects.toBe(reason);
    });

    it.each([
      ['within its body', drip],
      ['within the body of an error', drip503],
    ])("ends with the signal's reason %s, and the connection with it", async (_title, answer) => {
      const stop = new AbortController();
      const { url, requests } = await serve(answer);
      const pacer = createPacer({ requestsPerSecond: 1000, workers: 1 });
      const atHeaders = { ...pacer, observe: () => setImmediate(() => stop.abort(reason)) };
      await expect(clientOf(url, { pacer: atHeaders }).listChats({}, { signal: stop.signal })).rejects.toBe(reason);
      await connectionClosed(requests[0]);
    });

    it("ends with the signal's reason while it connects", async () => {
      const stop = new AbortController();
      const dispatcher = new Agent({ connect: () => stop.abort(reason) });
      const call = clientOf('http://127.0.0.1:9', { dispatcher }).listChats({}, { signal: stop.signal });
      await expect(call).rejects.toBe(reason);
      await dispatcher.destroy();
    });

    it("ends with the signal's reason while it waits for its turn, and makes no request", async () => {
      const stop = new AbortController();
      const { url, requests } = await serve(json(chatPage()));
      const pacer = createPacer({ requestsPerSecond: 0.05, workers: 1 });
      await pacer.turn();
      const call = clientOf(url, { pacer }).listChats({}, { signal: stop.signal });
      stop.abort(reason);
      await expect(call).rejects.toBe(reason);
      expect(requests).toHaveLength(0);
    });
  });
});

function drip503(request: unknown, response: ServerResponse): void {
  response.statusCode = 503;
  drip(request, response);
}

function drip(_request: unknown, response: ServerResponse): void {
  response.writeHead(response.statusCode, {});
  response.write('{');
  const timer = setInterval(() => response.write(' '), 20);
  response.once('close', () => clearInterval(timer));
}
