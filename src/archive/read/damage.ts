/** A file of an archive is not what was written. */
export class Damage extends Error {
  override name = 'Damage';
  /** @param file Its path below the archive's folder. */
  constructor(
    readonly file: string,
    readonly what: string,
  ) {
    super(`${file} ${what}`);
  }
}
