import { createLogger } from '../../src/worker/log';
import type { LogSettings } from '../../src/config/config';

const OF_SDK = { sdkComponent: 'core', runId: 'r' };

function linesOf(settings: Partial<LogSettings>): string[] {
  const lines: string[] = [];
  const write = jest.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  try {
    const logger = createLogger({ level: 'INFO', format: 'text', ...settings });
    logger.warn('Task not found when completing', OF_SDK);
    logger.warn('No workflows registered, not polling for workflow tasks', OF_SDK);
    logger.warn('Workflow failed', OF_SDK);
  } finally {
    write.mockRestore();
  }
  return lines;
}

test('what the SDK settles by itself is said at debug only', () => {
  expect(linesOf({})).toEqual([expect.stringMatching(/^\S+ WARN {2}Workflow failed runId=r\n$/)]);
  expect(linesOf({ level: 'DEBUG' })).toHaveLength(3);
});
