import { lazy, Suspense } from "react";
import { Link, Route, Switch } from "wouter";

import { Home } from "./pages/Home";
import { SearchBox } from "./parts/SearchBox";

const Books = lazy(() => import("./pages/Books"));
const Book = lazy(() => import("./pages/Book"));
const Cart = lazy(() => import("./pages/Cart"));
const Search = lazy(() => import("./pages/Search"));

export function App() {
  return (
    <>
      <header className="top">
        <Link href="/" className="brand">
          Quayside Books
        </Link>
        <nav aria-label="Main">
          <Link href="/books">Browse</Link>
          <Link href="/cart">Cart</Link>
        </nav>
        <SearchBox />
      </header>
      <main>
        <Suspense fallback={<p role="status">Loading…</p>}>
          <Switch>
            <Route path="/" component={Home} />
            <Route path="/books" component={Books} />
            <Route path="/books/:id" component={Book} />
            <Route path="/cart" component={Cart} />
            <Route path="/search" component={Search} />
            <Route>
              <h1>There is nothing here</h1>
            </Route>
          </Switch>
        </Suspense>
      </main>
      <footer>Made-up books for practice. Nothing is really sold.</footer>
    </>
  );
}
