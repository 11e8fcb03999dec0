import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sinkNames, sinks } from '../../src/sinks/registry';
import { newFolder, removeFolders } from './output';
import { first, writeChat } from './steps';

afterEach(removeFolders);

describe('the registry of sinks', () => {
  it('names each sink as the sink does, and its settings by its name', () => {
    for (const name of sinkNames) {
      const sink = sinks[name];
      expect(sink.create({}, { source: 'test', dataDir: 'data' }).name).toBe(name);
      for (const variable of Object.keys(sink.settings.shape))
        expect(variable).toMatch(new RegExp(`^${name.toUpperCase()}_`));
    }
  });

  it.each([
    ['FILE_DIR', 'elsewhere'],
    ['messages below DATA_DIR', undefined],
  ])('lets the file sink write to %s', async (_, folder) => {
    const dataDir = await newFolder();
    const FILE_DIR = folder && join(dataDir, folder);
    await writeChat(sinks.file.create({ FILE_DIR, OTHER: '1' }, { source: 'test', dataDir }), first, 'chat_a', [1]);
    expect(await readdir(dataDir)).toEqual([folder ?? 'messages']);
    expect(await readdir(FILE_DIR ?? join(dataDir, 'messages'))).toEqual(['test']);
  });
});
