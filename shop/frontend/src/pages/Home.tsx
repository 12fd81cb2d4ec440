import { useQuery } from "@tanstack/react-query";

import { api } from "../api";
import { Answer } from "../parts/Answer";
import { Books } from "../parts/Books";

export function Home() {
  const home = useQuery({ queryKey: ["home"], queryFn: api.home });
  return (
    <Answer of={home}>
      {(data) => (
        <>
          <h1>Recommended for you</h1>
          <Books books={data.recommended} />
          <h2>Popular</h2>
          <Books books={data.popular} />
          <h2>New</h2>
          <Books books={data.new} />
        </>
      )}
    </Answer>
  );
}
