import type { Finding } from "../doctor/finding.ts";

/** Looks at all that the relay needs, and changes nothing. */
export interface Doctor {
  /**
   * What each check finds, as soon as it is known. Never rejects for what a server does. `role` is whose rights are judged: that of
   * DATABASE_URL unless it is given.
   */
  examine(role?: string): AsyncIterable<Finding>;
}
