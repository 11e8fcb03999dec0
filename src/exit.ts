import { CommanderError } from 'commander';
import { ConfigError, readEnvironment, type Environment } from './config/environment';
import { printable } from './text/printable';

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
  // Several wrong settings are a line each; what else comes, from wherever, is one.
  const lines = error instanceof ConfigError ? message.split('\n') : [message];
  say(`error: ${lines.map(printable).join('\n')}`);
  if (isDebugging() && error instanceof Error) (error.stack ?? '').split('\n').map(printable).forEach(say);
  process.exit(error instanceof ConfigError || error instanceof UsageError ? 2 : 1);
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function isDebugging(): boolean {
  let environment: Environment = process.env;
  try {
    environment = readEnvironment(process.env);
  } catch {
    // That the file cannot be read is, it may be, what is being told.
  }
  return ['debug', 'trace'].includes(environment['LOG_LEVEL'] ?? '');
}
