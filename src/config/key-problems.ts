import { accessKeyIn, readAccessKeySync, sayKeyProblem } from '../access-key';
import { errorCode } from '../text/error-code';
import { ACCESS_KEY, ACCESS_KEY_FILE, shown, type Environment } from './environment';

const OTHER_KEY_NAMES = ['ANTHROPIC_COMPLIANCE_API_KEY', 'ANTHROPIC_COMPLIANCE_KEY', 'COMPLIANCE_ACCESS_KEY'];
const OTHER_KEYS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_ADMIN_KEY', 'ANTHROPIC_ADMIN_API_KEY'];

/** What is wrong with the settings of the key; one line per problem. */
export function keyProblems(set: Environment): string[] {
  const { [ACCESS_KEY]: key, [ACCESS_KEY_FILE]: file } = set;
  if (key !== undefined && file !== undefined)
    return [`${ACCESS_KEY}: expected either this or ${ACCESS_KEY_FILE}, not both`];
  if (file !== undefined) {
    const problem = problemOf(() => readAccessKeySync(file));
    return problem === undefined
      ? []
      : [`${shown(ACCESS_KEY_FILE, set)}: expected a file that can be read and holds the key: ${problem}`];
  }
  if (key !== undefined) {
    const problem = problemOf(() => accessKeyIn(key));
    return problem === undefined ? [] : [`${shown(ACCESS_KEY, set)}: expected the Compliance Access Key: ${problem}`];
  }
  const renamed = OTHER_KEY_NAMES.find((name) => set[name]);
  const other = OTHER_KEYS.find((name) => set[name]);
  const hint = renamed
    ? ` (${renamed} is set: rename it)`
    : other
      ? ` (${other} is for another kind of key; the primary owner makes this one in claude.ai, Organization settings)`
      : '';
  return [
    `${ACCESS_KEY} is not set: the Compliance Access Key, sk-ant-api01-..., or ${ACCESS_KEY_FILE}, a file that holds it; \`npm start\` without one shows a demo${hint}`,
  ];
}

function problemOf(read: () => string): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    const code = errorCode(error);
    return `${sayKeyProblem(code)} (${code ?? 'unknown'})`;
  }
}
