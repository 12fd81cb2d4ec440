import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";

import type { Card, HomePage } from "../api";
import { useTitle } from "../arrival";
import { Answer } from "../parts/Answer";
import { BookLink } from "../parts/BookLink";
import { Books } from "../parts/Books";
import { BooksSkeleton, Loading } from "../parts/Skeletons";
import { queries } from "../queries";

function Shelf(props: { title: ReactNode; books: Card[]; note?: string; first?: boolean }) {
  if (props.books.length === 0) return null;
  return (
    <section>
      <h2>{props.title}</h2>
      {props.note && <p className="quiet">{props.note}</p>}
      <Books books={props.books} first={props.first} shelf />
    </section>
  );
}

function Waiting() {
  return (
    <section>
      <h2>Books for you</h2>
      <BooksSkeleton shelf />
      <Loading />
    </section>
  );
}

const NOBODY = "What others read: we have no recommendations for you at the moment.";

function Shelves({ home }: { home: HomePage }) {
  const { recommended, because, popular } = home;
  // To strangers, and while no model answers, the shop recommends what is popular: shown once.
  const own = recommended.some((card, index) => card.id !== popular[index]?.id);
  return (
    <>
      {own && <Shelf title="Recommended for you" books={recommended} first />}
      {because && (
        <Shelf
          title={
            <>
              Because you read <BookLink id={because.book.id}>{because.book.title}</BookLink>
            </>
          }
          books={because.books}
        />
      )}
      <Shelf title="Popular" note={own ? undefined : NOBODY} books={popular} first={!own} />
      <Shelf title="New" books={home.new} />
    </>
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
        {(data) => <Shelves home={data} />}
      </Answer>
    </>
  );
}
