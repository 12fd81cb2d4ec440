/** Numbers and days as people read them. */

export function price(cents: number): string {
  return `€${(cents / 100).toFixed(2)}`;
}

/** Cents from what somebody typed ("12", "12.5", "12,50"); null when it is no price. */
export function cents(text: string): number | null {
  const plain = text.trim().replace("€", "").replace(",", ".").trim();
  return /^\d{1,5}(\.\d{0,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : null;
}

export function day(date: string): string {
  return new Date(date).toLocaleDateString(undefined, { dateStyle: "medium" });
}

/** "1 book", "3 books". */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;
}
