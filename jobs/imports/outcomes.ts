import type { Finding } from '../../sql/imports/imports.ts';

/** A fault for which a document is refused as a whole. Its body stays in the vault. */
export class Rejected extends Error {
  readonly finding: Finding;

  constructor(code: string, detail: string, pointer?: string) {
    super(detail);
    this.finding = { code, detail, ...(pointer !== undefined && { pointer }) };
  }
}

/** Work that may succeed later without costing an attempt, such as beyond a quota. */
export class Postponed extends Error {
  readonly seconds: number;
  readonly code: string;

  constructor(code: string, message: string, seconds: number) {
    super(message);
    this.code = code;
    this.seconds = seconds;
  }
}
