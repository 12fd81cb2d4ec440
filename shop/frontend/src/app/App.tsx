import { Suspense } from "react";
import { Route, Switch } from "wouter";

import { useArrival } from "../arrival";
import { Loaders } from "../loaders";
import { Home } from "../pages/Home";
import { NotFound } from "../pages/NotFound";
import { Fallible } from "../parts/Fallible";
import { Header } from "../parts/Header";
import { Loading } from "../parts/Skeletons";
import * as pages from "./routes";

export function App() {
  useArrival();
  return (
    <Loaders value={pages.load}>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <p id="arrival" className="unseen" aria-live="polite" />
      <Header />
      <main id="content" tabIndex={-1}>
        <Fallible>
          <Suspense fallback={<Loading />}>
            <Switch>
              <Route path="/" component={Home} />
              <Route path="/books" component={pages.Books} />
              <Route path="/books/:id" component={pages.Book} />
              <Route path="/search" component={pages.Search} />
              <Route path="/assistant" component={pages.Assistant} />
              <Route path="/cart" component={pages.Cart} />
              <Route path="/checkout" component={pages.Checkout} />
              <Route path="/orders" component={pages.Orders} />
              <Route path="/orders/:id" component={pages.Order} />
              <Route path="/account" component={pages.Account} />
              <Route component={NotFound} />
            </Switch>
          </Suspense>
        </Fallible>
      </main>
      <footer>
        <p>Made-up books for practice. Nothing is really sold.</p>
      </footer>
    </Loaders>
  );
}
