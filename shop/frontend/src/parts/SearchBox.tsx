import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";

export function SearchBox() {
  const [text, setText] = useState("");
  const [, go] = useLocation();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) go(`/search?q=${encodeURIComponent(text.trim())}`);
  };
  return (
    <form role="search" onSubmit={submit}>
      <input
        type="search"
        aria-label="Search for books"
        placeholder="Search for books"
        maxLength={100}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button>Search</button>
    </form>
  );
}
