import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, type Card } from "../api";

const MOST = 20;

/** How many copies of a book the cart holds: one more, one less, or none. */
export function Quantity({ book, quantity }: { book: Card; quantity: number }) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (to: number) => (to > 0 ? api.change(book.id, to) : api.remove(book.id)),
    onSuccess: (cart) => client.setQueryData(["cart"], cart),
  });
  const button = (to: number, sign: string, says: string) => (
    <button
      className="step"
      aria-label={`${says} ${book.title}`}
      disabled={change.isPending || to < 1 || to > MOST}
      onClick={() => change.mutate(to)}
    >
      {sign}
    </button>
  );
  return (
    <div className="quantity">
      <div role="group" aria-label={`Copies of ${book.title}`}>
        {button(quantity - 1, "−", "One copy less of")}
        <output>{quantity}</output>
        {button(quantity + 1, "+", "One more copy of")}
      </div>
      <button className="link" disabled={change.isPending} onClick={() => change.mutate(0)}>
        Remove<span className="unseen"> {book.title}</span>
      </button>
      {change.error && <p role="alert">{change.error.message}</p>}
    </div>
  );
}
