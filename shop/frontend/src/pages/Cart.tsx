import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { Link } from "wouter";

import { api, price } from "../api";
import { Answer } from "../parts/Answer";

export default function Cart() {
  const client = useQueryClient();
  const cart = useQuery({ queryKey: ["cart"], queryFn: api.cart, staleTime: 0 });
  const remove = useMutation({
    mutationFn: api.remove,
    onSuccess: (fresh) => client.setQueryData(["cart"], fresh),
  });
  const order = useMutation({
    mutationFn: api.checkout,
    onSuccess: () => client.setQueryData(["cart"], { items: [], total_cents: 0 }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    order.mutate(Object.fromEntries(new FormData(event.currentTarget)));
  };
  if (order.data) {
    const { id, total_cents, delivery } = order.data;
    return (
      <div role="status">
        <h1>Thank you</h1>
        <p>
          Order {id} over {price(total_cents)} is on its way
          {delivery && `, and should arrive in about ${Math.round(delivery.hours)} hours`}.
        </p>
      </div>
    );
  }
  return (
    <Answer of={cart}>
      {(data) =>
        data.items.length === 0 ? (
          <>
            <h1>Your cart is empty</h1>
            <Link href="/books">Look around</Link>
          </>
        ) : (
          <>
            <h1>Your cart</h1>
            <ul className="cart">
              {data.items.map(({ book, quantity }) => (
                <li key={book.id} className="line">
                  <Link href={`/books/${book.id}`}>{book.title}</Link>
                  <span>
                    {quantity} × {price(book.price_cents)}{" "}
                    <button className="plain" onClick={() => remove.mutate(book.id)}>
                      Remove
                    </button>
                  </span>
                </li>
              ))}
            </ul>
            <p className="price">Total {price(data.total_cents)}</p>
            <form className="address" onSubmit={submit}>
              <label>
                Name <input name="name" required maxLength={120} autoComplete="name" />
              </label>
              <label>
                E-mail <input name="email" type="email" required autoComplete="email" />
              </label>
              <label>
                City <input name="city" required maxLength={80} autoComplete="address-level2" />
              </label>
              <button disabled={order.isPending}>Order</button>
              {order.error && <p role="alert">{order.error.message}</p>}
            </form>
          </>
        )
      }
    </Answer>
  );
}
