/** A payload codec that encrypts, as an operator may write one. `CODEC_KEY` is the passphrase. */
const { createCipheriv, createDecipheriv, randomBytes, scryptSync } = require('node:crypto');

const ENCODING = 'binary/encrypted';
const key = scryptSync(process.env['CODEC_KEY'] ?? 'a key', 'salt', 32);

const text = (bytes) => Buffer.from(bytes).toString('base64');
const bytes = (base64) => Buffer.from(base64, 'base64');

function encrypt({ metadata, data }) {
  const fields = Object.entries(metadata).map(([name, value]) => [name, text(value)]);
  const plain = JSON.stringify({ fields, data: text(data ?? []) });
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return {
    metadata: { encoding: Buffer.from(ENCODING) },
    data: Buffer.concat([nonce, cipher.getAuthTag(), sealed]),
  };
}

/** What was written before there was a codec passes as it is. */
function decrypt(payload) {
  if (Buffer.from(payload.metadata['encoding']).toString() !== ENCODING) return payload;
  const data = Buffer.from(payload.data);
  const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, 12)).setAuthTag(data.subarray(12, 28));
  const plain = Buffer.concat([decipher.update(data.subarray(28)), decipher.final()]);
  const opened = JSON.parse(plain.toString());
  return {
    metadata: Object.fromEntries(opened.fields.map(([name, value]) => [name, bytes(value)])),
    data: bytes(opened.data),
  };
}

module.exports = {
  encode: async (payloads) => payloads.map(encrypt),
  decode: async (payloads) => payloads.map(decrypt),
};
