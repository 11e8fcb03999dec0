import { readFileSync } from 'node:fs';
import { parse as parseDotenv } from 'dotenv';
import type { z } from 'zod';
import { errorCode } from '../text/error-code';
import { printable } from '../text/printable';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Thrown for invalid settings; lists every problem, one per line, and never a secret's value. Exit code 2. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * The process's environment, with the working folder's `.env` file for variables that it does not set.
 *
 * @throws ConfigError if there is an `.env` that cannot be read: it must not be ignored in silence.
 */
export function readEnvironment(environment: Environment, folder = process.cwd()): Environment {
  let file: Buffer;
  try {
    file = readFileSync(`${folder}/.env`);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return { ...environment };
    const reason = code === 'EISDIR' ? 'it is a folder' : (code ?? 'for an unknown reason');
    throw new ConfigError(`.env in ${printable(folder)} cannot be read: ${reason}`, { cause: error });
  }
  if (file.includes(0)) throw new ConfigError(`.env in ${printable(folder)} is not text in UTF-8: save it so`);
  return { ...parseDotenv(file), ...environment };
}

export function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
}

export const ACCESS_KEY = 'ANTHROPIC_COMPLIANCE_ACCESS_KEY';
export const ACCESS_KEY_FILE = 'ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE';

/** What is wrong with variables, one line each. @param nameOf The variable's name, by its name in the schema. */
export function issuesOf(
  result: z.ZodSafeParseResult<unknown>,
  set: Environment,
  nameOf: (name: string) => string = (name) => name,
): string[] {
  return (result.error?.issues ?? []).map((issue) => {
    const variable = nameOf(String(issue.path[0]));
    if (set[variable] === undefined) return `${variable} is not set`;
    const expected = issue.code === 'invalid_value' ? `one of ${issue.values.join(', ')}` : issue.message;
    return `${shown(variable, set)}: expected ${expected}`;
  });
}

/** The variable with its value for an error message; what is, or may hold, a secret is hidden. */
export function shown(variable: string, set: Environment): string {
  const value = set[variable] ?? '';
  if (variable === ACCESS_KEY || /sk-ant-|PRIVATE KEY/.test(value)) return `${variable}=(hidden)`;
  return `${variable}=${printable(value.replace(/\/\/[^/]*@/, '//(hidden)@').replace(/[?#].*$/s, '?(hidden)'))}`;
}
