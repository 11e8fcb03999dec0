import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { clientOf, closeAll, connectionClosed, json, serve } from './local-server';
import { message, messagePage } from './samples';
import { used } from './used';

afterEach(closeAll);

const mebi = 1024 * 1024;
const large = { ...message, content: [{ type: 'text', text: 'x'.repeat(2 * mebi) }] };

/** Chats whose id begins with `large` have two mebibytes of messages, the others few. */
const byChat: RequestListener = (request, response) => {
  const id = request.url?.split('/').at(-2)?.split('?')[0] ?? '';
  json({ ...messagePage(id.startsWith('large') ? large : message), id })(request, response);
};

function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe('a large answer', () => {
  it('waits until it is alone, from its second mebibyte until its use has ended, while small ones pass', async () => {
    const { url } = await serve(byChat);
    const api = clientOf(url);
    const events: string[] = [];
    const use = (name: string, during?: () => Promise<unknown>) => async () => {
      events.push(`${name} begins`);
      await during?.();
      events.push(`${name} ends`);
    };
    const others: Promise<unknown>[] = [];
    const first = used(
      api.getChatMessages('large_1', {}, {}),
      use('first', async () => {
        others.push(used(api.getChatMessages('large_2', {}, {}), use('second')));
        others.push(used(api.getChatMessages('large_3', {}, {}), use('third')));
        for (let i = 0; i < 20; i++) await used(api.getChatMessages('small', {}, {}), use(`small ${i}`));
      }),
    );
    await first;
    await Promise.all(others);
    const ofLarge = events.filter((event) => !event.startsWith('small'));
    expect(ofLarge.slice(0, 2)).toEqual(['first begins', 'first ends']);
    expect(ofLarge.slice(2).map((event) => event.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends']);
    expect(events.indexOf('small 19 ends')).toBeLessThan(events.indexOf('first ends'));
  });

  it('gives the room back when its use fails, and when it is not JSON', async () => {
    const { url } = await serve((request, response) =>
      request.url?.includes('large_cut') ? response.end('"'.padEnd(2 * mebi, 'x')) : byChat(request, response),
    );
    const api = clientOf(url);
    const full = new Error('disk full');
    await expect(used(api.getChatMessages('large_1', {}, {}), () => Promise.reject(full))).rejects.toBe(full);
    await expect(used(api.getChatMessages('large_cut', {}, {}), () => Promise.resolve())).rejects.toMatchObject({
      kind: 'not-json',
    });
    expect((await used(api.getChatMessages('large_2', {}, {}), () => Promise.resolve('read'))).body).toBe('read');
  });

  it('is given up when it waits for room too long, and the room is there for the next', async () => {
    const { url } = await serve(byChat);
    const api = clientOf(url, { timeouts: { roomMs: 100 } });
    const { open, opened } = gate();
    const inside = gate();
    const first = used(api.getChatMessages('large_1', {}, {}), () => {
      inside.open();
      return opened;
    });
    await inside.opened;
    const crowded = used(api.getChatMessages('large_2', {}, {}), () => Promise.resolve());
    await expect(crowded).rejects.toMatchObject({ kind: 'no-room' });

    open();
    await first;
    expect((await used(api.getChatMessages('large_3', {}, {}), () => Promise.resolve('read'))).body).toBe('read');
  });

  it('can be cancelled while it waits for room, and the room is there for the next', async () => {
    const { url } = await serve(byChat);
    const api = clientOf(url);
    const stop = new AbortController();
    const reason = new Error('cancelled');
    await used(api.getChatMessages('large_1', {}, {}), async () => {
      const waiting = used(api.getChatMessages('large_2', {}, { signal: stop.signal }), () => Promise.resolve());
      for (let i = 0; i < 5; i++) await used(api.getChatMessages('small', {}, {}), () => Promise.resolve());
      stop.abort(reason);
      await expect(waiting).rejects.toBe(reason);
    });
    expect((await used(api.getChatMessages('large_3', {}, {}), () => Promise.resolve('read'))).body).toBe('read');
  });

  describe('over the cap', () => {
    const bodyCapBytes = 3 * mebi;
    const endless: RequestListener = (_request, response) => {
      response.on('error', () => {});
      const piece = 'x'.repeat(64 * 1024);
      const pump = (): void => {
        while (!response.destroyed && response.write(piece)) continue;
        if (!response.destroyed) response.once('drain', pump);
      };
      response.write('{"padding":"');
      pump();
    };
    const cases: [string, RequestListener][] = [
      [
        'is announced as too large',
        (_request, response) => response.writeHead(200, { 'content-length': 4 * mebi }).write('{'),
      ],
      ['never ends', endless],
      [
        'is a gzip bomb',
        (_request, response) => {
          response.writeHead(200, { 'content-encoding': 'gzip' });
          response.write(gzipSync(Buffer.alloc(64 * mebi, ' ')));
        },
      ],
    ];
    it.each(cases)('is too-large, and the connection ends, when it %s', async (_title, answer) => {
      const { url, requests } = await serve(answer);
      await expect(clientOf(url, { bodyCapBytes }).listChats({})).rejects.toMatchObject({
        kind: 'too-large',
        status: 200,
      });
      await connectionClosed(requests[0]);
    });

    it('is too-large as well when its values would take far more memory than its bytes', async () => {
      const { url } = await serve((_request, response) => response.end(`{"data":[${'{},'.repeat(mebi)}{}]}`));
      await expect(clientOf(url).listChats({})).rejects.toMatchObject({ kind: 'too-large' });
    });

    it('is read when it is just as large as the cap', async () => {
      const text = JSON.stringify(messagePage(large));
      const { url } = await serve((_request, response) => response.end(text));
      const ask = (bodyCapBytes: number) =>
        used(clientOf(url, { bodyCapBytes }).getChatMessages('claude_chat_1', {}, {}), () => Promise.resolve('read'));
      expect((await ask(text.length)).body).toBe('read');
      await expect(ask(text.length - 1)).rejects.toMatchObject({ kind: 'too-large' });
    });
  });
});
