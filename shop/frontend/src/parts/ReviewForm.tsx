import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { Link } from "wouter";

import { api } from "../api";
import { queries } from "../queries";

const WORDS = ["Poor", "Fair", "Good", "Very good", "Excellent"];

function Rating() {
  return (
    <fieldset className="rating">
      <legend>Your rating</legend>
      {WORDS.map((word, index) => (
        <label key={word}>
          <input type="radio" name="rating" value={index + 1} required />
          <span>
            {index + 1} <span aria-hidden="true">★</span>
          </span>
          <span className="unseen">{word}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Form({ id }: { id: string }) {
  const client = useQueryClient();
  const review = useMutation({
    mutationFn: (body: { rating: number; text: string }) => api.review(id, body),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["book", id] });
      void client.invalidateQueries({ queryKey: ["reviews", id] });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    review.mutate({ rating: Number(form.get("rating")), text: String(form.get("text")).trim() });
  };
  if (review.isSuccess) return <p role="status">Thank you for your review.</p>;
  return (
    <form className="own-review" onSubmit={submit}>
      <Rating />
      <label>
        Your review
        <textarea name="text" rows={4} required minLength={3} maxLength={2000} />
      </label>
      <button disabled={review.isPending}>Send review</button>
      {review.error && <p role="alert">{review.error.message}</p>}
    </form>
  );
}

/** The form for those who are logged in, the way to log in for others. */
export function ReviewForm({ id }: { id: string }) {
  const session = useQuery(queries.session());
  // The place is kept until it is known who reads.
  if (session.isPending) return <div className="review-way" />;
  if (session.data) {
    return (
      <details className="review-way">
        <summary>Write a review</summary>
        <Form id={id} />
      </details>
    );
  }
  return (
    <p className="quiet review-way">
      <Link href={`/account?next=/books/${id}`}>Log in</Link> to write a review.
    </p>
  );
}
