/** An escape is taken whole, so that the `u0000` behind an escaped backslash is what it is: text. */
const ESCAPE = /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[\da-fA-F]{4}|\\[^u]/g;
const UNSTORABLE = /^\\u(?:0000|[dD][89a-fA-F][\da-fA-F]{2})$/;

/** Valid JSON as jsonb takes it: NUL and lone surrogates become U+FFFD; all else is as it was, character by character. */
export const storableJson = (json: string): string =>
  json.includes('\\u') ? json.replace(ESCAPE, (escape) => (UNSTORABLE.test(escape) ? '\\ufffd' : escape)) : json;

/** A text as PostgreSQL takes it. */
export const storableText = (text: string): string => text.replace(/[\0\p{Surrogate}]/gu, '\ufffd');
