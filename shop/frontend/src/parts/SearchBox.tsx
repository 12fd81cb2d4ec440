import type { FormEvent } from "react";
import { useLocation, useSearchParams } from "wouter";

import { useLoaders } from "../loaders";

/** The search in the header; on the search page it shows what was asked. */
export function SearchBox() {
  const [path, go] = useLocation();
  const [params] = useSearchParams();
  const load = useLoaders();
  const asked = path === "/search" ? (params.get("q") ?? "") : "";
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get("q")).trim();
    if (text) go(`/search?q=${encodeURIComponent(text)}`);
  };
  return (
    <form role="search" className="search" action="/search" onSubmit={submit}>
      <input
        key={asked}
        type="search"
        name="q"
        aria-label="Search for books"
        placeholder="What would you like to read about?"
        maxLength={100}
        defaultValue={asked}
        onFocus={() => void load.search()}
      />
      <button>Search</button>
    </form>
  );
}
