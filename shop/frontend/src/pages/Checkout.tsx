import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { Link, useLocation } from "wouter";

import { type Address, api, type CartPage } from "../api";
import { useTitle } from "../arrival";
import { price } from "../format";
import { Answer } from "../parts/Answer";
import { AddressFields } from "../parts/Field";
import { EMPTY, queries } from "../queries";

function usePlaceOrder() {
  const client = useQueryClient();
  const [, go] = useLocation();
  return useMutation({
    mutationFn: api.checkout,
    onSuccess: ({ id }) => {
      client.setQueryData(["cart"], EMPTY);
      // The copies that were bought are gone from the stock that pages show.
      void client.invalidateQueries({ queryKey: ["book"] });
      go(`/orders/${id}`, { replace: true, state: { placed: true } });
    },
    // Somebody else may have been faster: the cart says what is left.
    onError: () => client.invalidateQueries({ queryKey: ["cart"] }),
  });
}

function AddressForm() {
  const account = useQuery(queries.session());
  const order = usePlaceOrder();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const address = Object.fromEntries(new FormData(event.currentTarget));
    order.mutate(address as unknown as Address);
  };
  return (
    // Once the account is known, the form begins anew with its address.
    <form className="fields card" key={account.data?.email} onSubmit={submit}>
      <h2>Where to</h2>
      <p className="quiet">
        {account.data ? (
          "As your account says; change it for this order if you like."
        ) : (
          <>
            <Link href="/account?next=/checkout">Log in</Link> to have this filled in.
          </>
        )}
      </p>
      <AddressFields known={account.data} />
      <button disabled={order.isPending}>{order.isPending ? "Ordering…" : "Order"}</button>
      {order.error && <p role="alert">{order.error.message}</p>}
    </form>
  );
}

function Contents({ cart }: { cart: CartPage }) {
  return (
    <aside className="total card">
      <h2>Your order</h2>
      <ul>
        {cart.items.map(({ book, quantity }) => (
          <li key={book.id} className="line">
            <span>
              {quantity} × {book.title}
            </span>
            <span>{price(quantity * book.price_cents)}</span>
          </li>
        ))}
      </ul>
      <p className="line">
        Total <strong className="price">{price(cart.total_cents)}</strong>
      </p>
      <Link href="/cart">Change the cart</Link>
    </aside>
  );
}

export default function Checkout() {
  useTitle("Checkout");
  const cart = useQuery(queries.cart());
  return (
    <>
      <h1>Checkout</h1>
      <Answer of={cart}>
        {(data) =>
          data.items.length === 0 ? (
            <div className="notice">
              <p>Your cart is empty.</p>
              <Link href="/books" className="button">
                Look around
              </Link>
            </div>
          ) : (
            <div className="with-aside">
              <AddressForm />
              <Contents cart={data} />
            </div>
          )
        }
      </Answer>
    </>
  );
}
