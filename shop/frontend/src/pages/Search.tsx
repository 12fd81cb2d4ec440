import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "wouter";

import { api } from "../api";
import { Answer } from "../parts/Answer";
import { Books } from "../parts/Books";

export default function Search() {
  const [params] = useSearchParams();
  const q = params.get("q") ?? "";
  const found = useQuery({
    queryKey: ["search", q],
    queryFn: () => api.search(q),
    enabled: q !== "",
  });
  if (!q) return <h1>What are you looking for?</h1>;
  return (
    <Answer of={found}>
      {(data) => (
        <>
          <h1>
            {data.total === 0 ? "Nothing" : data.total} found for “{q}”
          </h1>
          <Books books={data.results} />
        </>
      )}
    </Answer>
  );
}
