import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";

import type { Card } from "../api";
import { useTitle } from "../arrival";
import { Answer } from "../parts/Answer";
import { BookLink } from "../parts/BookLink";
import { Books } from "../parts/Books";
import { BooksSkeleton, Loading } from "../parts/Skeletons";
import { queries } from "../queries";

function Shelf(props: { title: ReactNode; books: Card[]; first?: boolean }) {
  if (props.books.length === 0) return null;
  return (
    <section>
      <h2>{props.title}</h2>
      <Books books={props.books} first={props.first} shelf />
    </section>
  );
}

function Waiting() {
  return (
    <section>
      <h2>Recommended for you</h2>
      <BooksSkeleton shelf />
      <Loading />
    </section>
  );
}

export function Home() {
  useTitle("");
  const home = useQuery(queries.home());
  return (
    <>
      <div className="hero">
        <h1>Books from around the harbour</h1>
        <p>Tell us what you would like to read about, not what it is called.</p>
        <p className="actions">
          <Link href="/books" className="button">
            Browse all books
          </Link>
          <Link href="/assistant" className="button plain">
            Ask about a book
          </Link>
        </p>
      </div>
      <Answer of={home} waiting={<Waiting />}>
        {(data) => (
          <>
            <Shelf title="Recommended for you" books={data.recommended} first />
            {data.because && (
              <Shelf
                title={
                  <>
                    Because you read{" "}
                    <BookLink id={data.because.book.id}>{data.because.book.title}</BookLink>
                  </>
                }
                books={data.because.books}
              />
            )}
            <Shelf title="Popular" books={data.popular} />
            <Shelf title="New" books={data.new} />
          </>
        )}
      </Answer>
    </>
  );
}
