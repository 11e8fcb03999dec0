import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, readEnvironment } from '../../src/config/environment';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'environment-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('readEnvironment', () => {
  it('adds what the .env file of the folder says, and lets the environment win', () => {
    writeFileSync(join(folder, '.env'), '# a comment\nSOURCE=file\nPAGE_SIZE="7"\n');
    expect(readEnvironment({ SOURCE: 'environment' }, folder)).toEqual({ SOURCE: 'environment', PAGE_SIZE: '7' });
  });

  it.each<[string, (path: string) => void, string]>([
    ['is a folder', (path) => mkdirSync(path), 'it is a folder'],
    ['is text in UTF-16', (path) => writeFileSync(path, Buffer.from('\ufeffSOURCE=a', 'utf16le')), 'UTF-8'],
    ['leads nowhere but to itself', (path) => symlinkSync(path, path), 'ELOOP'],
  ])('refuses a .env that %s: nothing of it is ignored in silence', (_title, make, reason) => {
    const own = mkdtempSync(join(folder, 'env-'));
    make(join(own, '.env'));
    const read = () => readEnvironment({}, own);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(reason);
  });

  it('does without a .env file', () => {
    expect(readEnvironment({ SOURCE: 'environment' }, join(folder, 'none'))).toEqual({ SOURCE: 'environment' });
  });
});
