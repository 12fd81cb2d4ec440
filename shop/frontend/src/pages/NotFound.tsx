import { Link } from "wouter";

import { useTitle } from "../arrival";

export function NotFound() {
  useTitle("Nothing here");
  return (
    <div className="notice">
      <h1>There is nothing here</h1>
      <p>The page may have moved, or its address was mistyped.</p>
      <Link href="/books" className="button">
        Browse all books
      </Link>
    </div>
  );
}
