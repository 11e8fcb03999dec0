import { distance } from 'fastest-levenshtein';
import type { Environment } from './environment';

/** Variables of other software whose misspelling would be harmful. */
const NEIGHBOURS = [
  ...['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'TEMPORAL_API_KEY', 'TEMPORAL_CONFIG_FILE', 'TEMPORAL_PROFILE'],
  ...['TEMPORAL_TLS', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'],
];
const FILTERS = ['ORGANIZATION_IDS', 'PROJECT_IDS', 'USER_IDS'];

/** Warnings about variables that look like a misspelt setting; one line each. */
export function misspellings(set: Environment, variables: readonly string[]): string[] {
  const known = [...variables, ...NEIGHBOURS];
  return Object.keys(set).flatMap((name) => {
    if (known.includes(name)) return [];
    const meant = known.find((candidate) => candidate.length > 5 && distance(candidate, name) <= 2);
    return meant ? [`${name} is not a setting: did you mean ${meant}?`] : [];
  });
}

/** Warns of filters that are set but empty. Empty counts as not set, which `USER_IDS=$USERS` may not have meant. */
export function emptyFilters(environment: Environment): string[] {
  return FILTERS.filter((name) => environment[name] === '').map(
    (name) => `${name} is set but empty, which counts as not set: it leaves nobody out`,
  );
}
