/** What pages ask for, by key: a page and whoever fetches it ahead share one answer. */

import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, type CartPage } from "./api";
import { type Filters, write } from "./filters";
import { Refused } from "./http";

export const EMPTY: CartPage = { items: [], total_cents: 0 };

export const queries = {
  home: () => queryOptions({ queryKey: ["home"], queryFn: ({ signal }) => api.home(signal) }),
  genres: () =>
    queryOptions({
      queryKey: ["genres"],
      queryFn: ({ signal }) => api.genres(signal),
      staleTime: 600_000,
    }),
  book: (id: string) =>
    queryOptions({ queryKey: ["book", id], queryFn: ({ signal }) => api.book(id, signal) }),
  books: (filters: Filters) => {
    const query = write(filters);
    query.set("sort", filters.sort);
    return infiniteQueryOptions({
      queryKey: ["books", query.toString()],
      queryFn: ({ pageParam, signal }) =>
        api.books(`${query}${pageParam && `&after=${encodeURIComponent(pageParam)}`}`, signal),
      initialPageParam: "",
      getNextPageParam: (page) => page.next,
      placeholderData: keepPreviousData,
    });
  },
  search: (q: string) =>
    infiniteQueryOptions({
      queryKey: ["search", q],
      queryFn: ({ pageParam, signal }) => {
        const query = new URLSearchParams(pageParam ? { q, after: pageParam } : { q });
        return api.search(query.toString(), signal);
      },
      initialPageParam: "",
      getNextPageParam: (page) => page.next,
      enabled: q !== "",
    }),
  cart: () => queryOptions({ queryKey: ["cart"], queryFn: ({ signal }) => api.cart(signal) }),
  orders: () =>
    infiniteQueryOptions({
      queryKey: ["orders"],
      queryFn: ({ pageParam, signal }) => api.orders(pageParam, signal),
      initialPageParam: "",
      getNextPageParam: (page) => page.next,
      staleTime: 0,
    }),
  order: (id: string) =>
    queryOptions({ queryKey: ["order", id], queryFn: ({ signal }) => api.order(id, signal) }),
  session: () =>
    queryOptions({ queryKey: ["session"], queryFn: session, staleTime: Infinity, retry: false }),
};

async function session() {
  try {
    return (await api.session()).account;
  } catch (error) {
    // A shop without accounts: everybody is a stranger.
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}
