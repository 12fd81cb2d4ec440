/** What the list of books is narrowed to; it stands in the URL, so that it can be kept and sent. */

export const SORTS = {
  popular: "Popular",
  newest: "Newest",
  rating: "Best rated",
  price: "Cheapest",
};
export type Sort = keyof typeof SORTS;

/** Prices in cents; null: no bound. `minRating` 0: any. */
export interface Filters {
  genre: string;
  sort: Sort;
  minPrice: number | null;
  maxPrice: number | null;
  minRating: number;
  inStock: boolean;
}

export const NONE: Filters = {
  genre: "",
  sort: "popular",
  minPrice: null,
  maxPrice: null,
  minRating: 0,
  inStock: false,
};

/** Reads a URL's filters. What makes no sense there counts as not said. */
export function read(query: URLSearchParams): Filters {
  const sort = query.get("sort") ?? "";
  const rating = Number(query.get("min_rating"));
  return {
    genre: query.get("genre") ?? "",
    sort: Object.hasOwn(SORTS, sort) ? (sort as Sort) : NONE.sort,
    minPrice: whole(query.get("min_price")),
    maxPrice: whole(query.get("max_price")),
    minRating: rating > 0 && rating <= 5 ? rating : 0,
    inStock: query.get("in_stock") === "1",
  };
}

/** The query of filters, for the URL and the API alike; what is as usual is left out. */
export function write(filters: Filters): URLSearchParams {
  const query = new URLSearchParams();
  if (filters.genre) query.set("genre", filters.genre);
  if (filters.sort !== NONE.sort) query.set("sort", filters.sort);
  if (filters.minPrice !== null) query.set("min_price", String(filters.minPrice));
  if (filters.maxPrice !== null) query.set("max_price", String(filters.maxPrice));
  if (filters.minRating) query.set("min_rating", String(filters.minRating));
  if (filters.inStock) query.set("in_stock", "1");
  return query;
}

/** How many filters narrow the list; the order is none. */
export function narrowed(filters: Filters): number {
  const query = write(filters);
  query.delete("sort");
  return query.size;
}

function whole(text: string | null): number | null {
  return text !== null && /^\d{1,7}$/.test(text) ? Number(text) : null;
}
