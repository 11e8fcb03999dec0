import { ApplicationFailure } from '@temporalio/common';
import { FailureType } from '../../src/contract';
import { createLogger } from '../../src/worker/log';
import type { Logger } from '@temporalio/worker';
import type { LogSettings } from '../../src/config/config';

const OF_SDK = { sdkComponent: 'core', runId: 'r' };

function linesOf(say: (logger: Logger) => void, settings: Partial<LogSettings> = {}): string[] {
  const lines: string[] = [];
  const write = jest.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  try {
    say(createLogger({ level: 'INFO', format: 'text', ...settings }));
  } finally {
    write.mockRestore();
  }
  return lines;
}

test('what the SDK settles by itself is said at debug only', () => {
  const say = (logger: Logger): void => {
    logger.warn('Task not found when completing', OF_SDK);
    logger.warn('No workflows registered, not polling for workflow tasks', OF_SDK);
    logger.warn('Workflow failed', OF_SDK);
  };
  expect(linesOf(say)).toEqual([expect.stringMatching(/^\S+ WARN {2}Workflow failed runId=r\n$/)]);
  expect(linesOf(say, { level: 'DEBUG' })).toHaveLength(3);
});

test('each destination that is down has its line, and so has each way in which one fails; chats share theirs', () => {
  const failing = (logger: Logger, type: string, message: string): void =>
    logger.warn('Activity failed', { ...OF_SDK, error: ApplicationFailure.retryable(message, type) });
  const lines = linesOf((logger) => {
    for (let turn = 0; turn < 2; turn += 1) {
      failing(logger, FailureType.destinationUnavailable, 'HTTP_URL (lake) does not answer (ECONNREFUSED)');
      failing(logger, FailureType.destinationUnavailable, 'HTTP_URL (lake) fails (status 503)');
      failing(logger, FailureType.destinationUnavailable, 'S3_BUCKET (cold) does not answer (ECONNREFUSED)');
      for (const chat of ['one', 'two']) {
        failing(logger, FailureType.apiUnavailable, `chat ${chat}: the server is away`);
      }
    }
  });
  expect(lines.map((line) => /WARN {2}(.*);/.exec(line)?.[1])).toEqual([
    'HTTP_URL (lake) does not answer (ECONNREFUSED)',
    'HTTP_URL (lake) fails (status 503)',
    'S3_BUCKET (cold) does not answer (ECONNREFUSED)',
    'chat one: the server is away',
  ]);
});
