import { CommanderError } from 'commander';
import { ConfigError, readEnvironment, type Environment } from './config/environment';
import { graded } from './text/grade';
import { printable } from './text/printable';

/** Thrown for wrong usage of a command: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Ends the process with one line on stderr and an exit code: 2 for a wrong setting or usage, otherwise 1. */
export function exitWith(error: unknown): never {
  if (error instanceof CommanderError) {
    // A command that runs as a program of its own has set the exit code.
    if (error.code === 'commander.executeSubCommandAsync') process.exit(error.exitCode);
    process.exit(error.exitCode === 0 ? 0 : 2);
  }
  const message = error instanceof Error ? error.message : String(error);
  // Wrong settings are one line each; any other message is one line.
  const lines = error instanceof ConfigError ? message.split('\n') : [message];
  say(graded(`error: ${lines.map(printable).join('\n')}`, process.stderr));
  if (isDebugging() && error instanceof Error) (error.stack ?? '').split('\n').map(printable).forEach(say);
  process.exit(error instanceof ConfigError || error instanceof UsageError ? 2 : 1);
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function isDebugging(): boolean {
  let environment: Environment = process.env;
  try {
    environment = readEnvironment(process.env);
  } catch {
    // That `.env` cannot be read may be the very error that is being reported.
  }
  return ['debug', 'trace'].includes(environment['LOG_LEVEL'] ?? '');
}
