import { Writable } from 'node:stream';
import { createStdoutSink } from '../../src/sinks/stdout';
import { testSink } from './contract';
import { first, records } from './steps';

function collecting(): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      setImmediate(done);
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

testSink('stdout', {
  windows: false,
  start: async () => {
    const { stream, text } = collecting();
    return { open: () => createStdoutSink({ stream }), lines: () => text().split('\n').slice(0, -1) };
  },
});

describe('the stdout sink', () => {
  const batch = { window: first, chatId: 'chat_a', records: records('chat_a', 1) };

  it('resolves when the stream has accepted the batch, and holds the next one back until then', async () => {
    const accept: (() => void)[] = [];
    const stream = new Writable({ write: (_chunk, _encoding, done) => void accept.push(done) });
    const sink = createStdoutSink({ stream });
    const done: number[] = [];
    const writes = [1, 2].map((number) => sink.write(batch).then(() => done.push(number)));
    await new Promise(setImmediate);
    expect([done, accept.length, stream.writableLength > 0]).toEqual([[], 1, true]);
    const one = stream.writableLength;
    accept[0]?.();
    await writes[0];
    await new Promise(setImmediate);
    expect([done, accept.length, stream.writableLength]).toEqual([[1], 2, one]);
    accept[1]?.();
    await Promise.all(writes);
  });

  it('keeps the lines of a batch together', async () => {
    const { stream, text } = collecting();
    const sinks = [createStdoutSink({ stream }), createStdoutSink({ stream })];
    await Promise.all(
      sinks.map((sink, chat) => sink.write({ ...batch, records: records(`chat_${chat}`, ...Array(500).keys()) })),
    );
    const chats = text()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).chat_id);
    expect(chats).toEqual([...Array(500).fill('chat_0'), ...Array(500).fill('chat_1')]);
  });

  it('fails with the code of a stream whose reader is gone, now and from then on', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const sink = createStdoutSink({ stream });
    await expect(sink.write(batch)).rejects.toMatchObject({ name: 'SinkError', code: 'EPIPE' });
    await expect(sink.write(batch)).rejects.toMatchObject({ name: 'SinkError' });
    await expect(sink.check?.()).rejects.toMatchObject({ name: 'SinkError', code: 'EPIPE' });
  });
});
