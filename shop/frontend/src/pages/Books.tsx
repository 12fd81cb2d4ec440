import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../api";
import { Books as Grid } from "../parts/Books";

const SORTS = { popular: "Popular", newest: "Newest", rating: "Best rated", price: "Cheapest" };

export default function Books() {
  const [genre, setGenre] = useState("");
  const [sort, setSort] = useState("popular");
  const genres = useQuery({ queryKey: ["genres"], queryFn: api.genres });
  const list = useInfiniteQuery({
    queryKey: ["books", genre, sort],
    queryFn: ({ pageParam }) =>
      api.books(new URLSearchParams({ genre, sort, after: pageParam }).toString()),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
  return (
    <>
      <h1>All books</h1>
      <div className="line filters">
        <label>
          Genre{" "}
          <select value={genre} onChange={(event) => setGenre(event.target.value)}>
            <option value="">All</option>
            {genres.data?.map((g) => (
              <option key={g.slug} value={g.slug}>
                {g.name} ({g.books})
              </option>
            ))}
          </select>
        </label>
        <label>
          Order{" "}
          <select value={sort} onChange={(event) => setSort(event.target.value)}>
            {Object.entries(SORTS).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {list.error && <p role="alert">{list.error.message}</p>}
      {list.isPending && <p role="status">Loading…</p>}
      <Grid books={list.data?.pages.flatMap((page) => page.results) ?? []} />
      {list.hasNextPage && (
        <button disabled={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          Show more
        </button>
      )}
    </>
  );
}
