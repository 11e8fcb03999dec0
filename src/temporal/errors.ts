import { isGrpcServiceError, NamespaceNotFoundError, ServiceError } from '@temporalio/client';
import { hostAndPort, type TemporalSettings } from './settings';
import { whatAnswers } from './what-answers';

/** What is wrong with Temporal. `lasting`: it does not pass by itself, as a setting of Temporal's or ours is wrong. */
export class TemporalError extends Error {
  override name = 'TemporalError';
  constructor(
    message: string,
    readonly lasting: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Thrown when nothing answers at Temporal's address. */
export class NoTemporalError extends TemporalError {
  override name = 'NoTemporalError';
  constructor(address: string, options?: ErrorOptions & { code?: string | undefined }) {
    const code = options?.code === undefined ? '' : ` (${options.code})`;
    super(
      `no Temporal at ${address}${code}: \`npm start\` starts one for this machine, \`temporal server start-dev\` another; TEMPORAL_ADDRESS names yours`,
      false,
      options,
    );
  }
}

const GRPC = { notFound: 5, permissionDenied: 7, unimplemented: 12, unauthenticated: 16 } as const;
/** CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE: Temporal has trouble. */
const TROUBLE: readonly number[] = [1, 2, 4, 8, 10, 13, 14];

/** Known words of a server or its database, and what is said for them. No other words of theirs are repeated. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/disk is full|no space left|disk quota|SQLITE_FULL/i, 'its disk is full: make room there'],
  [/database is locked|SQLITE_BUSY/i, 'its database is locked by another process: does a second server use the file?'],
  [/read-?only (database|file system)|permission denied|SQLITE_READONLY/i, 'it may not write to its database'],
  [/not a database|malformed|SQLITE_CORRUPT/i, 'its database is damaged: restore it, its timestamps are in it'],
  [/address already in use/i, 'its port is taken'],
  [/no such file or directory|unable to open database/i, 'the folder of its database is not there'],
];

/** A server's trouble, as far as its own words are known. */
export const knownTrouble = (text: string): string | undefined => WORDS.find(([words]) => words.test(text))?.[1];

/** The gRPC status of a failed call to Temporal; undefined if the error is not Temporal's. */
export function grpcStatusOf(error: unknown): { code: number; details: string } | undefined {
  const cause = error instanceof ServiceError && error.cause !== undefined ? error.cause : error;
  return isGrpcServiceError(cause) ? { code: cause.code, details: cause.details } : undefined;
}

/** What Temporal answered, in our words; undefined if it did not answer. */
export function answerOf(error: unknown, { address, namespace }: Where): TemporalError | undefined {
  if (error instanceof TemporalError) return error;
  const status = grpcStatusOf(error);
  const options = { cause: error };
  if (error instanceof NamespaceNotFoundError || isMissingNamespace(status)) {
    return new TemporalError(
      `Temporal at ${address} has no namespace ${namespace}: \`temporal operator namespace create --namespace ${namespace}\` makes it, TEMPORAL_NAMESPACE names another`,
      true,
      options,
    );
  }
  if (status === undefined) return undefined;
  if (status.code === GRPC.permissionDenied || status.code === GRPC.unauthenticated) {
    return new TemporalError(
      `Temporal at ${address} refuses these credentials for namespace ${namespace}: see TEMPORAL_API_KEY, TEMPORAL_TLS_... and TEMPORAL_NAMESPACE`,
      true,
      options,
    );
  }
  if (status.code === GRPC.unimplemented) {
    return new TemporalError(
      `what answers at ${address} is no Temporal, or a very old one: see TEMPORAL_ADDRESS`,
      false,
      options,
    );
  }
  const trouble = troubleOf(error);
  return trouble === undefined ? undefined : new TemporalError(`Temporal at ${address} ${trouble}`, false, options);
}

/** The trouble that Temporal is in, by a failed call; undefined for any other failure. */
export function troubleOf(error: unknown): string | undefined {
  const status = grpcStatusOf(error);
  if (status === undefined) return undefined;
  const known = knownTrouble(status.details);
  if (known !== undefined) return `fails: ${known}`;
  return TROUBLE.includes(status.code)
    ? `does not answer as it should (gRPC status ${status.code}): is it starting, or overloaded? Its log says more`
    : undefined;
}

/** Why a connection failed: by Temporal's answer, or, without one, by what answers at the address instead. */
export async function explain(error: unknown, settings: TemporalSettings): Promise<TemporalError> {
  const answer = answerOf(error, settings);
  if (answer) return answer;
  const { address } = settings;
  const usesTls = settings.tls !== undefined;
  const { host, port } = hostAndPort(address);
  const { what, code } = await whatAnswers(host, port, settings.tls);
  const because = code === undefined ? '' : ` (${code})`;
  const say = (message: string, lasting: boolean): TemporalError =>
    new TemporalError(message, lasting, { cause: error });
  switch (what) {
    case 'nothing':
      return new NoTemporalError(address, { cause: error, code });
    case 'http2':
      return usesTls
        ? say(
            `Temporal answers at ${address}, but without TLS: TEMPORAL_TLS=false, also where TEMPORAL_API_KEY is set; TEMPORAL_TLS_... and the profile turn it on`,
            true,
          )
        : say(`${address} answers, but Temporal does not: is it starting? See TEMPORAL_ADDRESS`, false);
    case 'http2-over-tls':
      return usesTls
        ? say(`${address} answers with TLS, but Temporal does not: is it starting? See TEMPORAL_ADDRESS`, false)
        : say(`${address} answers with TLS only: TEMPORAL_TLS=true, or TEMPORAL_TLS_... with its certificates`, true);
    case 'untrusted':
      return say(
        usesTls
          ? `the certificate at ${address} is not trusted${because}: see TEMPORAL_TLS_SERVER_CA_CERT_PATH and TEMPORAL_TLS_SERVER_NAME`
          : `${address} answers with TLS only: TEMPORAL_TLS=true, and its certificate needs TEMPORAL_TLS_SERVER_CA_CERT_PATH or TEMPORAL_TLS_SERVER_NAME`,
        true,
      );
    case 'refuses-us':
      return say(
        `${address} wants TLS, and not as it is set${because}: see TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH`,
        true,
      );
    case 'http1':
      return say(
        `what answers at ${address} is an HTTP server, not Temporal (its gRPC port is 7233 by default): see TEMPORAL_ADDRESS`,
        false,
      );
    case 'silent':
    case 'hung-up':
    case 'other':
      return say(`something listens at ${address} that is not Temporal${because}: see TEMPORAL_ADDRESS`, false);
  }
}

type Where = Pick<TemporalSettings, 'address' | 'namespace'>;

const isMissingNamespace = (status: ReturnType<typeof grpcStatusOf>): boolean =>
  status?.code === GRPC.notFound && /namespace/i.test(status.details) && /not found/i.test(status.details);
