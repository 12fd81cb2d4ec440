import { type Card } from "../api";
import { price } from "../format";
import { BookLink } from "./BookLink";
import { Cover } from "./Cover";

export function Stars({ rating }: { rating: number }) {
  if (!rating) return <span className="quiet">not rated yet</span>;
  return (
    <span className="stars" role="img" aria-label={`${rating.toFixed(1)} of 5 stars`}>
      <span aria-hidden="true">★</span> {rating.toFixed(1)}
    </span>
  );
}

/** Books seen without scrolling: a row on a wide screen. */
const ROW = 6;

/** A grid of books, or a shelf that scrolls sideways where it is narrow. `first` on its page: its
    covers are fetched at once. */
export function Books(props: { books: Card[]; shelf?: boolean; first?: boolean }) {
  return (
    <ul className={props.shelf ? "books shelf" : "books"}>
      {props.books.map((book, index) => (
        <li key={book.id}>
          <BookLink id={book.id}>
            <Cover
              cover={book.cover}
              title={book.title}
              author={book.authors[0]}
              first={props.first && index < ROW}
            />
            <strong className="card-title">{book.title}</strong>
          </BookLink>
          <span className="authors">{book.authors.join(", ")}</span>
          <span className="line">
            <span>{price(book.price_cents)}</span>
            <Stars rating={book.rating} />
          </span>
          {book.opinion && <q className="opinion">{book.opinion}</q>}
        </li>
      ))}
    </ul>
  );
}
