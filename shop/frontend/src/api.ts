/** The shop's API: types and the few calls that pages make. */

export interface Card {
  id: number;
  title: string;
  authors: string[];
  price_cents: number;
  rating: number;
  reviews: number;
  cover: { hue: number; pattern: number };
  opinion?: string | null;
}

export interface Review {
  id: number;
  rating: number;
  text: string;
  helpful: number;
  created: string;
  reviewer: string;
  city: string;
}

export interface Delivery {
  hours: number;
  model: string;
  version: string;
}

export interface BookPage extends Omit<Card, "reviews"> {
  description: string;
  published: string;
  stock: number;
  genre: { slug: string; name: string };
  reviews: Review[];
  review_count: number;
  similar: Card[];
  delivery: Delivery | null;
}

export interface Genre {
  slug: string;
  name: string;
  books: number;
}

export interface Page<T> {
  results: T[];
  next: string | null;
}

export interface CartPage {
  items: { book: Card; quantity: number }[];
  total_cents: number;
}

export interface Placed {
  id: number;
  total_cents: number;
  delivery: Delivery | null;
}

export class Refused extends Error {}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(`/api${path}`, init);
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(reason(body) ?? `The shop answered ${response.status}.`);
  return body as T;
}

function reason(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const first = Object.values(body)[0];
  return Array.isArray(first) ? String(first[0]) : String(first);
}

function send<T>(path: string, method: string, body?: unknown): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  return ask<T>(path, { method, headers, body: JSON.stringify(body) });
}

export const api = {
  home: () => ask<{ recommended: Card[]; popular: Card[]; new: Card[] }>("/home/"),
  genres: () => ask<Genre[]>("/genres/"),
  books: (query: string) => ask<Page<Card>>(`/books/?${query}`),
  book: (id: string) => ask<BookPage>(`/books/${id}/`),
  reviews: (id: string, after: string) =>
    ask<Page<Review>>(`/books/${id}/reviews/?after=${encodeURIComponent(after)}`),
  search: (q: string) =>
    ask<{ results: Card[]; total: number }>(`/search/?q=${encodeURIComponent(q)}`),
  cart: () => ask<CartPage>("/cart/"),
  add: (book: number) => send<CartPage>("/cart/items/", "POST", { book, quantity: 1 }),
  remove: (book: number) => send<CartPage>(`/cart/items/${book}/`, "DELETE"),
  checkout: (address: object) => send<Placed>("/checkout/", "POST", address),
};

export function price(cents: number): string {
  return `€${(cents / 100).toFixed(2)}`;
}
