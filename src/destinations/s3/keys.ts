import type { PartDelivery, WindowDelivery } from '../destination';
import type { S3Settings } from './definition';

const MANIFEST_DIGITS = 8;
/** What every store and every tool takes in a key. */
const ODD = /[^A-Za-z0-9=_.-]/g;

type Place = Pick<S3Settings, 'PREFIX' | 'FORMAT'>;

/**
 * The key of a part: it says everything that the part is, so that a part has one key for ever. The day is the one under which
 * the archive has it, that of the window's end.
 */
export function partKey(
  { PREFIX, FORMAT }: Place,
  { source, window, path }: Pick<PartDelivery, 'source' | 'window' | 'path'>,
): string {
  const [year, month, day] = new Date(window.to).toISOString().slice(0, 10).split('-');
  // The archive names a part by its window's end and a number.
  const name = (path.split('/').at(-1) ?? path).replace(/\.ndjson$/, '').replace(ODD, '_');
  return below(PREFIX, `year=${year}/month=${month}/day=${day}/${source}-${window.epoch}-${name}.${FORMAT}`);
}

/** The key of what is said of a window when all of its parts are there. */
export const manifestKey = ({ PREFIX }: Place, { source, n }: Pick<WindowDelivery, 'source' | 'n'>): string =>
  below(PREFIX, `manifests/${source}/${String(n).padStart(MANIFEST_DIGITS, '0')}.json`);

/** The key of what `check` writes. */
export const checkKey = ({ PREFIX }: Place, source: string): string => below(PREFIX, `.check/${source}`);

const below = (prefix: string | undefined, key: string): string => (prefix === undefined ? key : `${prefix}/${key}`);
