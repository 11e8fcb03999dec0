import { verifierOf } from '../../evidence-key';
import { LEDGER } from '../folder/layout';
import { type AnyLine, isEvent, signatureIn } from '../folder/ledger-line';
import { type Finding, wrong } from './finding';

type Kind = 'signature-missing' | 'signature-wrong';

const REMEDIES = {
  'signature-missing':
    'a worker without EVIDENCE_KEY_FILE wrote it, or the signature was taken out: compare with a copy',
  'signature-wrong': 'restore ledger.jsonl from a copy: whoever changed it did not have the key',
};

/** Looks whether each line is signed, from the first one on that names a key: that and all before are covered by its signature. */
export class SignatureChecker {
  #verify: ReturnType<typeof verifierOf> | null = null;
  #isBegun = false;
  /** Lines one after another of which the same is to be said. */
  #run: { kind: Kind; says: string; from: number; to: number } | null = null;

  /** @param publicKeys Those that an auditor was given; null: whichever the ledger names are believed. */
  constructor(
    private readonly publicKeys: readonly string[] | null,
    private readonly tell: (finding: Finding) => void,
  ) {}

  take(bytes: Buffer, line: AnyLine, number: number): void {
    if (isEvent(line) && line.event === 'key') this.#begin(line.publicKey, number);
    if (!this.#isBegun && line.signature === undefined) return;
    const signed = signatureIn(bytes);
    if (!signed) this.#say('signature-missing', 'is not signed, as lines before it are', number);
    else if (this.#verify === null)
      this.#say('signature-wrong', 'is signed, and no line before it names a key', number);
    else if (!this.#verify(signed.text, signed.signature))
      this.#say('signature-wrong', 'is not what was signed', number);
  }

  /** To be called behind the last line. */
  end(): void {
    this.#tellRun();
    if (this.#isBegun || this.publicKeys === null) return;
    this.tell(
      wrong('signature-missing', LEDGER, 'names no key, and nothing in it is signed', REMEDIES['signature-missing']),
    );
  }

  #begin(publicKey: string, number: number): void {
    this.#isBegun = true;
    try {
      this.#verify = verifierOf(publicKey);
    } catch {
      this.#verify = () => false;
    }
    if (this.publicKeys === null || this.publicKeys.includes(publicKey)) return;
    const says = 'names a key that is not among those given (--public-key)';
    this.tell(wrong('signature-wrong', `line ${number}`, says, REMEDIES['signature-wrong']));
  }

  #say(kind: Kind, says: string, number: number): void {
    if (this.#run?.says === says && this.#run.to === number - 1) this.#run.to = number;
    else {
      this.#tellRun();
      this.#run = { kind, says, from: number, to: number };
    }
  }

  #tellRun(): void {
    if (this.#run === null) return;
    const { kind, says, from, to } = this.#run;
    this.tell(wrong(kind, from === to ? `line ${from}` : `lines ${from} to ${to}, each,`, says, REMEDIES[kind]));
    this.#run = null;
  }
}
