import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { defaultPayloadConverter, type DataConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { ConfigError, type Environment } from '../config/environment';
import { printable } from '../text/printable';

const SETTING = 'TEMPORAL_PAYLOAD_CODEC';
const ENCODED_FAILURES = join(__dirname, 'encoded-failures');
const load = createRequire(__filename);

/** Thrown for a payload that this process cannot decode, as it was written with another codec, or with one at all. */
export class UndecodableError extends ConfigError {
  override name = 'UndecodableError';
  constructor(because: string, options?: ErrorOptions) {
    super(`what Temporal holds cannot be decoded (${because}): ${SETTING} is to name the codec that wrote it`, options);
  }
}

/**
 * How payloads are encoded: by the codec that `TEMPORAL_PAYLOAD_CODEC` names, a module whose path is relative to the
 * working folder. The codec then encodes the messages of failures too.
 *
 * @throws ConfigError
 */
export function dataConverterOf(environment: Environment): DataConverter {
  const file = environment[SETTING];
  if (!file) return { payloadCodecs: [exacting([])] };
  return { payloadCodecs: [exacting(codecsIn(file))], failureConverterPath: ENCODED_FAILURES };
}

function codecsIn(file: string): PayloadCodec[] {
  const codecs = [exportOf(file)].flat();
  if (codecs.length > 0 && codecs.every(isCodec)) return codecs;
  throw unusable(file, 'a module whose default export is a payload codec, with encode and decode, or a list of them');
}

function exportOf(file: string): unknown {
  let loaded: unknown;
  try {
    loaded = load(resolve(file));
  } catch (error) {
    throw unusable(file, `a module that can be loaded: ${firstLine(error)}`, { cause: error });
  }
  return typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : loaded;
}

const unusable = (file: string, expected: string, options?: ErrorOptions): ConfigError =>
  new ConfigError(`${SETTING}=${printable(file)}: expected ${printable(expected)}`, options);

const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';

const isCodec = (value: unknown): value is PayloadCodec =>
  typeof value === 'object' &&
  value !== null &&
  'encode' in value &&
  typeof value.encode === 'function' &&
  'decode' in value &&
  typeof value.decode === 'function';

/** Chains codecs into one, which throws if a payload is still encoded after all of them. */
function exacting(codecs: readonly PayloadCodec[]): PayloadCodec {
  return {
    async encode(payloads, context) {
      let encoded = payloads;
      for (const codec of codecs) encoded = await codec.encode(encoded, context);
      return encoded;
    },
    async decode(payloads, context) {
      let decoded = payloads;
      try {
        for (const codec of codecs.toReversed()) decoded = await codec.decode(decoded, context);
      } catch (error) {
        throw new UndecodableError(firstLine(error), { cause: error });
      }
      decoded.forEach(requireDecoded);
      return decoded;
    },
  };
}

function requireDecoded({ metadata }: Payload): void {
  const encoding = metadata?.['encoding'] && Buffer.from(metadata['encoding']).toString();
  if (encoding === undefined || defaultPayloadConverter.converterByEncoding.has(encoding)) return;
  throw new UndecodableError(`it is ${encoding}`);
}
