import { readAccessKey } from '../access-key';
import type { WorkerSettings } from './config';

/** Returns the key's value, or reads its file anew for each request. */
export function accessKeyOf({
  ANTHROPIC_COMPLIANCE_ACCESS_KEY: key = '',
  ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE: file,
}: WorkerSettings): () => Promise<string> | string {
  return file === undefined ? () => key : () => readAccessKey(file);
}
