import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearchParams } from "wouter";

import { useTitle } from "../arrival";
import { type Filters as Chosen, narrowed, NONE, read, write } from "../filters";
import { count } from "../format";
import { Failed } from "../parts/Answer";
import { Books as Grid } from "../parts/Books";
import { Filters, SortBy } from "../parts/Filters";
import { More } from "../parts/More";
import { BooksSkeleton } from "../parts/Skeletons";
import { queries } from "../queries";

export default function Books() {
  useTitle("Browse");
  const [params, setParams] = useSearchParams();
  const chosen = read(params);
  const choose = (changed: Partial<Chosen>) =>
    setParams(write({ ...chosen, ...changed }), { replace: true });
  const list = useInfiniteQuery(queries.books(chosen));
  const books = list.data?.pages.flatMap((page) => page.results) ?? [];
  const said = books.length ? `${count(books.length, "book")}${list.hasNextPage ? " so far" : ""}` : "";
  return (
    <>
      <h1>All books</h1>
      <div className="browse">
        <details className="narrow" open={matchMedia("(min-width: 56rem)").matches}>
          <summary>
            Filters{narrowed(chosen) > 0 && ` (${narrowed(chosen)})`}
          </summary>
          <Filters chosen={chosen} choose={choose} />
        </details>
        <div>
          <div className="line bar">
            <p className="quiet" role="status">
              {list.isPending ? "Loading…" : said}
            </p>
            <SortBy chosen={chosen} choose={choose} />
          </div>
          {list.isPending && <BooksSkeleton count={24} />}
          {list.error && books.length === 0 ? (
            <Failed of={list} />
          ) : (
            <div className={list.isPlaceholderData ? "fading" : undefined}>
              <Grid books={books} first />
            </div>
          )}
          {list.isSuccess && books.length === 0 && (
            <div className="notice">
              <p>No book is like that.</p>
              <button onClick={() => choose({ ...NONE, sort: chosen.sort })}>Clear filters</button>
            </div>
          )}
          {books.length > 0 && <More of={list}>Show more</More>}
        </div>
      </div>
    </>
  );
}
