import { Link } from "wouter";

import { type Card, price } from "../api";
import { Cover } from "./Cover";

export function Stars({ rating }: { rating: number }) {
  if (!rating) return <span className="quiet">not rated yet</span>;
  return <span aria-label={`${rating.toFixed(1)} of 5 stars`}>★ {rating.toFixed(1)}</span>;
}

/** A grid of books. */
export function Books({ books }: { books: Card[] }) {
  return (
    <ul className="books">
      {books.map((book) => (
        <li key={book.id}>
          <Link href={`/books/${book.id}`}>
            <Cover cover={book.cover} title={book.title} />
            <strong>{book.title}</strong>
          </Link>
          <span className="quiet">{book.authors.join(", ")}</span>
          <span className="line">
            <span>{price(book.price_cents)}</span>
            <Stars rating={book.rating} />
          </span>
          {book.opinion && <q className="quiet">{book.opinion}</q>}
        </li>
      ))}
    </ul>
  );
}
