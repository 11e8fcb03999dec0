import { define } from './definition';
import { DestinationError, type RecordDestination } from './destination';
import { errorCode } from '../text/error-code';

const NEWLINE = Buffer.from('\n');

export const stdout = define({
  guarantee: 'at least once',
  limits: { batchBytes: 256 * 1024, batchRecords: 1000, recordBytes: 1024 ** 3 },
  settings: {},
  secrets: [],
  create: async () => createStdout(process.stdout),
});

/** Writes records as lines to the worker's stdout. */
export function createStdout(stream: NodeJS.WritableStream): RecordDestination {
  // Without a listener, a reader that has gone would end the worker.
  const ignore = (): void => undefined;
  stream.on('error', ignore);
  return {
    async deliver({ records }) {
      const lines = Buffer.concat(records.flatMap(({ line }) => [line, NEWLINE]));
      await new Promise<void>((resolve, reject) => {
        stream.write(lines, (error) => (error ? reject(gone(error)) : resolve()));
      });
      return { refused: [] };
    },
    check: async () => undefined,
    close: async () => void stream.off('error', ignore),
  };
}

const gone = (error: unknown): DestinationError =>
  new DestinationError(errorCode(error) ?? 'unknown', 'nobody reads the stdout of the worker any more: start it again');
