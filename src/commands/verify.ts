import type { Environment } from '../config/environment';
import type { VerifyRequest } from '../domain/verification';
import { UsageError } from '../exit';
import { timeOption } from './time-option';

export interface VerifyOptions {
  archive?: boolean;
  head?: string;
  publicKey?: string;
  chats?: boolean;
  from?: string;
  to?: string;
  sample?: string;
  repair?: boolean;
  json?: boolean;
}

/** `verify`: whether the archive has what the API has, or with `--archive` whether it is what was written. Returns 1 if not. */
export async function verifyCommand(environment: Environment, options: VerifyOptions): Promise<number> {
  const { archive, head, publicKey, json, ...comparison } = options;
  if (!archive) {
    if (head !== undefined) throw new UsageError('verify --head: goes with --archive');
    if (publicKey !== undefined) throw new UsageError('verify --public-key: goes with --archive');
    const { compareWithApi } = await import('./verify-with-api.js');
    return compareWithApi(environment, requestOf(comparison), { json });
  }
  const [other] = Object.keys(comparison);
  if (other !== undefined) throw new UsageError(`verify --${other}: not with --archive, which asks no API`);
  const { verifyArchiveCommand } = await import('./verify-archive.js');
  return verifyArchiveCommand(environment, { head, publicKey, json });
}

function requestOf({ chats, from, to, sample, repair }: VerifyOptions): VerifyRequest {
  if (chats && sample !== undefined) throw new UsageError('verify --chats: lists all of them, so without --sample');
  return {
    what: chats ? 'chats' : 'messages',
    from: timeOption('--from', from),
    to: timeOption('--to', to),
    since: null,
    sample: sample === undefined ? null : numberOf(sample),
    repair: repair ?? false,
  };
}

function numberOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--sample ${text}: a number of chats`);
  return Number(text);
}
