import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { useIdle } from "../idle";
import { type Page, useLoaders } from "../loaders";
import { queries } from "../queries";
import { SearchBox } from "./SearchBox";

function Tab({ href, page, children }: { href: string; page: Page; children: string }) {
  const load = useLoaders();
  const ahead = () => void load[page]();
  return (
    <Link
      href={href}
      className={(here) => (here ? "tab here" : "tab")}
      onPointerEnter={ahead}
      onFocus={ahead}
    >
      {children}
    </Link>
  );
}

function CartLink() {
  const idle = useIdle();
  const cart = useQuery({ ...queries.cart(), enabled: idle });
  const copies = cart.data?.items.reduce((sum, item) => sum + item.quantity, 0) ?? 0;
  return (
    <span className="with-count">
      <Tab href="/cart" page="cart">
        Cart
      </Tab>
      {copies > 0 && (
        <span className="copies">
          {copies > 99 ? "99+" : copies}
          <span className="unseen"> in it</span>
        </span>
      )}
    </span>
  );
}

export function Header() {
  return (
    <header className="top">
      <div className="top-inner">
        <Link href="/" className="brand">
          Quayside Books
        </Link>
        <SearchBox />
        <nav aria-label="Main">
          <Tab href="/books" page="books">
            Browse
          </Tab>
          <Tab href="/assistant" page="assistant">
            Assistant
          </Tab>
          <Tab href="/orders" page="orders">
            Orders
          </Tab>
          <Tab href="/account" page="account">
            Account
          </Tab>
          <CartLink />
        </nav>
      </div>
    </header>
  );
}
