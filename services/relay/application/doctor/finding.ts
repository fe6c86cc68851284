/** What a person can do about it; whatever is in `sql` and `commands` can be run as it stands. */
export interface Repair {
  /** Statements, in this order. As the owner of the tables, unless `note` asks for more. */
  readonly sql?: readonly string[];
  /** Commands of a shell. */
  readonly commands?: readonly string[];
  /** In words: who has to do it, what to do besides, or what cannot be typed. */
  readonly note?: string;
}

/** What a check says of the facts. `found` is a sentence with the figures in it. */
export type Verdict =
  | { readonly status: "ok"; readonly found: string }
  | { readonly status: "warning" | "failed"; readonly found: string; readonly repair: Repair }
  /** It does not apply, or cannot be known: `found` says why. */
  | { readonly status: "skipped"; readonly found: string; readonly repair?: Repair };

export type Status = Verdict["status"];

export type Finding = Verdict & {
  readonly area: "postgres" | "kafka";
  readonly check: string;
};

export const ok = (found: string): Verdict => ({ status: "ok", found });

/** It works, but less well, less safely, or not for long. */
export const warning = (found: string, repair: Repair): Verdict => ({ status: "warning", found, repair });

/** The relay cannot do its work so, or events could be lost. */
export const failed = (found: string, repair: Repair): Verdict => ({ status: "failed", found, repair });

export const skipped = (found: string, repair?: Repair): Verdict =>
  repair ? { status: "skipped", found, repair } : { status: "skipped", found };
