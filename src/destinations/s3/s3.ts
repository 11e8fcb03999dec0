import { createHash } from 'node:crypto';
import type { Setting } from '../definition';
import type { PartDelivery, PartDestination, WindowDelivery } from '../destination';
import type { S3Settings } from './definition';
import { checkKey, manifestKey, partKey } from './keys';
import { writePart } from './part-file';
import { createStore, type StoredObject } from './store';

const CONTENT_TYPES = {
  ndjson: 'application/x-ndjson',
  'ndjson.gz': 'application/gzip',
  parquet: 'application/vnd.apache.parquet',
};

/**
 * Writes each part as an object of its own, under a key that says which part it is, and then one for the window. A key is
 * written once: what is delivered again changes nothing.
 */
export function createS3(settings: S3Settings, setting: Setting): PartDestination {
  const store = createStore(settings, setting);
  const { FORMAT } = settings;

  async function deliverPart(part: PartDelivery, signal: AbortSignal): Promise<void> {
    const file = await writePart(part, FORMAT, signal);
    try {
      const { bytes, sha256, records } = file;
      const object: StoredObject = {
        ...{ key: partKey(settings, part), contentType: CONTENT_TYPES[FORMAT], bytes, sha256, body: file.read },
        // Of the part itself: another version of Node compresses to other bytes.
        identity: { sha256: part.sha256, records: String(records) },
        facts: { part: part.path, 'window-from': part.window.from, 'window-to': part.window.to },
      };
      await store.putOnce(object, signal);
    } finally {
      await file.close();
    }
  }

  /** A window without records has nothing there that could be missed. */
  async function deliverWindow(window: WindowDelivery, signal: AbortSignal): Promise<void> {
    if (window.parts.length === 0) return;
    const { source, line } = window;
    const objects = window.parts.map(({ path, bytes, sha256 }) => ({
      key: partKey(settings, { source, window: window.window, path }),
      ...{ part: path, bytes, sha256 },
    }));
    const body = Buffer.from(`{"objects":${JSON.stringify(objects)},"entry":${line}}\n`);
    // The objects may be in another format than they were when it was written first.
    const identity = { sha256: sha256Of(line).toString('hex') };
    await store.putOnce(smallObject(manifestKey(settings, window), body, identity), signal);
  }

  return {
    deliverPart,
    deliverWindow,
    check: (signal) =>
      store.tryOut(smallObject(checkKey(settings, setting.source), Buffer.from('{}'), { check: 'true' }), signal),
    close: store.close,
  };
}

const smallObject = (key: string, body: Buffer, identity: Record<string, string>): StoredObject => ({
  ...{ key, contentType: 'application/json', bytes: body.length, sha256: sha256Of(body), body: () => body, identity },
});

const sha256Of = (bytes: Buffer | string): Buffer => createHash('sha256').update(bytes).digest();
