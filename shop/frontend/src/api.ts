/** The shop's API: types and the calls that pages make. Optional fields are younger than others. */

import { ask, Refused, send } from "./http";

export { Refused };

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

/** What readers say, put together from `reviews` of them. */
export interface Summary {
  text: string;
  model: string;
  version: string;
  reviews: number;
  created: string;
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
  summary?: Summary | null;
  /** `positive`: the share of favourable reviews, 0 to 1. */
  sentiment?: { positive: number; reviews: number } | null;
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

export interface HomePage {
  recommended: Card[];
  popular: Card[];
  new: Card[];
  because?: { book: Card; books: Card[] } | null;
}

/** `semantic` is null while the search by meaning is away. */
export interface Found {
  results: Card[];
  total: number;
  next?: string | null;
  semantic?: { model: string; version: string } | null;
}

export interface CartPage {
  items: { book: Card; quantity: number }[];
  total_cents: number;
}

export interface Address {
  name: string;
  email: string;
  city: string;
}

export interface Placed {
  id: number;
  total_cents: number;
  delivery: Delivery | null;
}

export interface OrderLine {
  book: number;
  title: string;
  quantity: number;
  price_cents: number;
}

export interface Order extends Address {
  id: number;
  created: string;
  total_cents: number;
  delivery_hours: number | null;
  lines: OrderLine[];
}

export interface OrderRow {
  id: number;
  created: string;
  total_cents: number;
  delivery_hours: number | null;
  confirmed?: string | boolean | null;
  lines: number | OrderLine[];
}

export interface Account extends Address {
  staff: boolean;
}

type Signal = AbortSignal | undefined;

/** Milliseconds that somebody waits for a page's data before they are told. */
const PATIENCE = 10_000;

function get<T>(path: string, signal: Signal): Promise<T> {
  const late = AbortSignal.timeout(PATIENCE);
  return ask<T>(path, { signal: signal ? AbortSignal.any([signal, late]) : late });
}

export const api = {
  home: (signal?: Signal) => get<HomePage>("/home/", signal),
  genres: (signal?: Signal) => get<Genre[]>("/genres/", signal),
  books: (query: string, signal?: Signal) => get<Page<Card>>(`/books/?${query}`, signal),
  book: (id: string, signal?: Signal) => get<BookPage>(`/books/${id}/`, signal),
  reviews: (id: string, after: string) =>
    get<Page<Review>>(`/books/${id}/reviews/?after=${encodeURIComponent(after)}`, undefined),
  review: (id: string, body: { rating: number; text: string }) =>
    send<Review>(`/books/${id}/reviews/`, "POST", body),
  search: (query: string, signal?: Signal) => get<Found>(`/search/?${query}`, signal),
  cart: (signal?: Signal) => get<CartPage>("/cart/", signal),
  add: (book: number) => send<CartPage>("/cart/items/", "POST", { book, quantity: 1 }),
  change: (book: number, quantity: number) =>
    send<CartPage>(`/cart/items/${book}/`, "PATCH", { quantity }),
  remove: (book: number) => send<CartPage>(`/cart/items/${book}/`, "DELETE"),
  checkout: (address: Address) => send<Placed>("/checkout/", "POST", address),
  orders: (after: string, signal?: Signal) =>
    get<Page<OrderRow>>(`/orders/?after=${encodeURIComponent(after)}`, signal),
  order: (id: string, signal?: Signal) => get<Order>(`/orders/${id}/`, signal),
  session: (signal?: Signal) => get<{ account: Account | null }>("/session/", signal),
  enter: (body: { email: string; password: string }) => send<Account>("/session/", "POST", body),
  leave: () => send<null>("/session/", "DELETE"),
  register: (body: Address & { password: string }) => send<Account>("/account/", "POST", body),
};
