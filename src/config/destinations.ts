import { z } from 'zod';
import type { Definition, Limits, Secret } from '../destinations/definition';
import { kinds } from '../destinations/registry';
import { secretIn } from '../destinations/secret';
import { parseIsoTime } from '../domain/iso-time';
import { printable } from '../text/printable';
import { issuesOf, type Environment } from './environment';
import { file, integer } from './values';

/** A destination that DESTINATIONS names, with its settings. */
export interface DestinationConfig {
  /** As `http` or `http:alerts`. */
  name: string;
  kind: string;
  prefix: string;
  definition: Definition;
  /** Of the definition's schema. */
  settings: Record<string, unknown>;
  secrets: Readonly<Record<string, Secret>>;
  /** Where its first delivery begins: a time, `now`, or null for the archive's first entry. */
  start: string | null;
  /** Null for one that takes whole parts. */
  limits: Limits | null;
}

const NAME = /^([a-z][a-z0-9-]*?)(?::([a-z0-9][a-z0-9-]{0,19}))?$/;
const LARGEST_BATCH_BYTES = 64 * 1024 * 1024;

const start = z.string().transform((text, context) => {
  const time = text === 'now' ? text : parseIsoTime(text);
  if (time === undefined) context.addIssue({ code: 'custom', message: '`now`, or an ISO 8601 date or time' });
  return time ?? null;
});

/** `DESTINATIONS`: names, separated by commas. */
export const destinationNames = z.string().transform((text, context) => {
  const names = namesIn(text);
  const known = Object.keys(kinds).join(', ');
  for (const name of names) {
    if (kindOf(name) === undefined) {
      context.addIssue({
        code: 'custom',
        message: `${known}, separated by commas (\`http:alerts\` for a second one), not ${printable(name)}`,
      });
    }
  }
  if (new Set(names.map(prefixOf)).size < names.length) {
    context.addIssue({ code: 'custom', message: 'each name once' });
  }
  return names;
});

const namesIn = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function kindOf(name: string): string | undefined {
  const kind = NAME.exec(name)?.[1];
  return kind !== undefined && Object.hasOwn(kinds, kind) ? kind : undefined;
}

/** How the variables of a destination begin: `HTTP_ALERTS_` for `http:alerts`. */
const prefixOf = (name: string): string => `${name.replace(/[:-]/g, '_').toUpperCase()}_`;

/** Everything that a destination's variables are called, without the prefix. */
function shapeOf({ settings, secrets, limits }: Definition) {
  return {
    ...settings,
    ...Object.fromEntries(
      secrets.flatMap((name) => [
        [name, z.string().optional()],
        [`${name}_FILE`, file.optional()],
      ]),
    ),
    ...(limits && { BATCH_BYTES: integer(1000, LARGEST_BATCH_BYTES).optional() }),
    START: start.optional(),
  };
}

/** The names of the variables of those destinations that are named. */
export function destinationVariables(names: string): string[] {
  return namesIn(names).flatMap((name) => {
    const definition = kinds[kindOf(name) ?? ''];
    return definition ? Object.keys(shapeOf(definition)).map((variable) => prefixOf(name) + variable) : [];
  });
}

/** Reads the settings of every destination that is named. @returns what is wrong with them, one line each. */
export function readDestinations(set: Environment): {
  destinations: DestinationConfig[];
  problems: string[];
  /** DESTINATIONS names none. */
  isNone: boolean;
} {
  const destinations: DestinationConfig[] = [];
  const problems: string[] = [];
  for (const name of new Set(namesIn(set['DESTINATIONS'] ?? ''))) {
    const kind = kindOf(name);
    const definition = kinds[kind ?? ''];
    if (kind === undefined || definition === undefined) continue;
    const prefix = prefixOf(name);
    const shape = shapeOf(definition);
    const given = Object.fromEntries(
      Object.keys(shape).flatMap((variable) => {
        const value = set[prefix + variable];
        return value === undefined ? [] : [[variable, value]];
      }),
    );
    const result = z.object(shape).safeParse(given);
    const shownSet = { ...set, ...hidden(definition, prefix, set) };
    problems.push(...issuesOf(result, shownSet, (variable) => prefix + variable).map(neededBy(name)));
    const secrets = secretsOf(definition, prefix, given, problems);
    const values: Record<string, unknown> = result.success ? result.data : given;
    const { START, BATCH_BYTES, ...settings } = values;
    problems.push(...(definition.problems?.(settings, { prefix }, new Set(Object.keys(secrets))) ?? []));
    if (!result.success) continue;
    const { limits = null } = definition;
    destinations.push({
      ...{ name, kind, prefix, definition, settings, secrets },
      start: typeof START === 'string' ? START : null,
      limits: limits && { ...limits, ...(typeof BATCH_BYTES === 'number' && { batchBytes: BATCH_BYTES }) },
    });
  }
  return { destinations, problems, isNone: namesIn(set['DESTINATIONS'] ?? '').length === 0 };
}

const neededBy =
  (name: string) =>
  (problem: string): string =>
    problem.endsWith(' is not set') ? `${problem}: the destination ${name} needs it` : problem;

/** What an error message may show instead of secrets. */
const hidden = ({ secrets }: Definition, prefix: string, set: Environment): Environment =>
  Object.fromEntries(
    secrets
      .map((name) => prefix + name)
      .filter((name) => set[name] !== undefined)
      .map((name) => [name, '(hidden)']),
  );

function secretsOf(
  { secrets, secretProblem }: Pick<Definition, 'secrets' | 'secretProblem'>,
  prefix: string,
  given: Environment,
  problems: string[],
): Record<string, Secret> {
  const found: Record<string, Secret> = {};
  for (const name of secrets) {
    const value = given[name];
    const path = given[`${name}_FILE`];
    if (value !== undefined && path !== undefined) {
      problems.push(`${prefix}${name}: expected either this or ${prefix}${name}_FILE, not both`);
    }
    const expected = value === undefined ? undefined : secretProblem?.(name, value);
    if (expected !== undefined) problems.push(`${prefix}${name}=(hidden): expected ${expected}`);
    if (value !== undefined) found[name] = async () => value;
    else if (path !== undefined) found[name] = secretIn(`${prefix}${name}_FILE`, path);
  }
  return found;
}
