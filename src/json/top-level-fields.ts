const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = [0x7b, 0x5b];
const CLOSE = [0x7d, 0x5d];

/** A field of an object as it is written, `"name":value`. */
export interface WrittenField {
  name: string;
  field: Buffer;
}

/** The fields of a JSON object, as bytes, so that numbers keep their digits. @param json Valid, without white space between tokens. */
export function topLevelFields(json: Buffer): WrittenField[] {
  const fields: WrittenField[] = [];
  let depth = 0;
  let from = 1;
  let isString = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i] ?? 0;
    if (isString) {
      if (byte === BACKSLASH) i += 1;
      else if (byte === QUOTE) isString = false;
      continue;
    }
    if (byte === QUOTE) isString = true;
    else if (OPEN.includes(byte)) depth += 1;
    else if (CLOSE.includes(byte)) depth -= 1;
    const isEnd = (byte === COMMA && depth === 1) || depth === 0;
    if (isEnd && i > from) fields.push(fieldOf(json.subarray(from, i)));
    if (isEnd) from = i + 1;
  }
  return fields;
}

function fieldOf(field: Buffer): WrittenField {
  let end = 1;
  while (field[end] !== QUOTE && end < field.length) end += field[end] === BACKSLASH ? 2 : 1;
  return { name: String(JSON.parse(field.toString('utf8', 0, end + 1))), field };
}
