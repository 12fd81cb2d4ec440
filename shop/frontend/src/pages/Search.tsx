import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearchParams } from "wouter";

import { useTitle } from "../arrival";
import { count } from "../format";
import { Failed } from "../parts/Answer";
import { Books } from "../parts/Books";
import { Ideas } from "../parts/Ideas";
import { More } from "../parts/More";
import { BooksSkeleton } from "../parts/Skeletons";
import { queries } from "../queries";

function NoQuestion() {
  return (
    <>
      <h1>What are you looking for?</h1>
      <p>Say it in your own words. For example:</p>
      <Ideas page="/search" />
    </>
  );
}

export default function Search() {
  const [params] = useSearchParams();
  const q = (params.get("q") ?? "").trim();
  useTitle(q ? `“${q}”` : "Search");
  const found = useInfiniteQuery(queries.search(q));
  if (!q) return <NoQuestion />;
  const first = found.data?.pages[0];
  const books = found.data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <>
      <h1 className="quoted">Search for “{q}”</h1>
      <p role="status" className="quiet">
        {found.isPending && "Searching…"}
        {first && (first.total ? `${count(first.total, "book")} found` : "Nothing found")}
        {first?.semantic === null &&
          ". The search by meaning is away at the moment: only these very words were looked for."}
      </p>
      {found.isPending && <BooksSkeleton count={12} />}
      {found.error && !first && <Failed of={found} />}
      <Books books={books} first />
      {first?.total === 0 && (
        <>
          <p>Try other words, or one of these:</p>
          <Ideas page="/search" />
        </>
      )}
      {first && <More of={found}>Show more</More>}
    </>
  );
}
