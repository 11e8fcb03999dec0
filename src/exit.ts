import { CommanderError } from 'commander';
import { ConfigError } from './config';

/** Thrown for a command that is used wrongly: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Ends the process as the operator's contract says: 1 could not, 2 bad setting or usage; one line on stderr. */
export function exitWith(error: unknown): never {
  if (error instanceof CommanderError) {
    // A command that is a program of its own has an exit code of its own.
    if (error.code === 'commander.executeSubCommandAsync') process.exit(error.exitCode);
    process.exit(error.exitCode === 0 ? 0 : 2);
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`error: ${message}\n`);
  if (process.env['LOG_LEVEL'] === 'debug' && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  process.exit(error instanceof ConfigError || error instanceof UsageError ? 2 : 1);
}
