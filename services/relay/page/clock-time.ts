/** Of this device's clock and zone, the hours up to 24. */
export function clockTime(at: Date): string {
  return at.toLocaleTimeString("en-GB");
}
