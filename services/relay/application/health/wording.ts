/** Numbers as people read them. */

export function duration(ms: number): string {
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const count = (value: number): string => Math.round(value).toLocaleString("en");

export const events = (value: number): string => `${count(value)} ${value === 1 ? "event" : "events"}`;

/** A reason that is put into a sentence: its first line, without the full stop that the sentence has itself. */
export const clause = (reason: string): string => (reason.split("\n")[0] ?? "").replace(/[.\s]+$/, "");
