import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import type { CartPage } from "../api";
import { useTitle } from "../arrival";
import { count, price } from "../format";
import { useLoaders } from "../loaders";
import { Answer } from "../parts/Answer";
import { BookLink } from "../parts/BookLink";
import { Cover } from "../parts/Cover";
import { Quantity } from "../parts/Quantity";
import { queries } from "../queries";

function Empty() {
  return (
    <div className="notice">
      <h1>Your cart is empty</h1>
      <p>What you put into it stays there until you come back.</p>
      <Link href="/books" className="button">
        Look around
      </Link>
    </div>
  );
}

function Total({ cart }: { cart: CartPage }) {
  const load = useLoaders();
  const copies = cart.items.reduce((sum, item) => sum + item.quantity, 0);
  return (
    <aside className="total card">
      <h2>Total</h2>
      <p role="status">
        {count(copies, "copy").replace("copys", "copies")}
        <strong className="price">{price(cart.total_cents)}</strong>
      </p>
      <Link href="/checkout" className="button" onPointerEnter={() => void load.checkout()}>
        Go to checkout
      </Link>
    </aside>
  );
}

export default function Cart() {
  useTitle("Cart");
  const cart = useQuery({ ...queries.cart(), staleTime: 0 });
  return (
    <Answer of={cart} heading="Your cart cannot be shown">
      {(data) =>
        data.items.length === 0 ? (
          <Empty />
        ) : (
          <>
            <h1>Your cart</h1>
            <div className="with-aside">
              <ul className="cart">
                {data.items.map(({ book, quantity }) => (
                  <li key={book.id}>
                    <Cover cover={book.cover} title={book.title} />
                    <div>
                      <BookLink id={book.id}>{book.title}</BookLink>
                      <p className="quiet">{book.authors.join(", ")}</p>
                      <Quantity book={book} quantity={quantity} />
                    </div>
                    <span>{price(quantity * book.price_cents)}</span>
                  </li>
                ))}
              </ul>
              <Total cart={data} />
            </div>
          </>
        )
      }
    </Answer>
  );
}
