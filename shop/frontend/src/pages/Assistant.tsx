import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useSearchParams } from "wouter";

import type { Card } from "../api";
import { useTitle } from "../arrival";
import { Answer, Failed } from "../parts/Answer";
import { Ask } from "../parts/Ask";
import { BookLink } from "../parts/BookLink";
import { Cover } from "../parts/Cover";
import { Ideas } from "../parts/Ideas";
import { Loading } from "../parts/Skeletons";
import { queries } from "../queries";

const SHOWN = 8;

function Choice({ q, choose }: { q: string; choose: (book: Card) => void }) {
  const found = useInfiniteQuery(queries.search(q));
  const books = found.data?.pages[0].results.slice(0, SHOWN) ?? [];
  return (
    <>
      {found.isLoading && <Loading />}
      <Failed of={found} />
      {found.isSuccess && (
        <p role="status" className="quiet">
          {books.length ? "Which of these do you mean?" : "Nothing found. Try other words."}
        </p>
      )}
      <ul className="choice">
        {books.map((book) => (
          <li key={book.id}>
            <button className="card" onClick={() => choose(book)}>
              <Cover cover={book.cover} title={book.title} />
              <span>
                <strong>{book.title}</strong>
                <br />
                <span className="quiet">{book.authors.join(", ")}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Chosen({ id, leave }: { id: string; leave: () => void }) {
  const book = useQuery(queries.book(id));
  return (
    <Answer of={book}>
      {(data) => (
        <div className="chosen">
          <div className="card about">
            <Cover cover={data.cover} title={data.title} author={data.authors[0]} first />
            <div>
              <h2>
                <BookLink id={data.id}>{data.title}</BookLink>
              </h2>
              <p className="quiet">{data.authors.join(", ")}</p>
              <button className="plain" onClick={leave}>
                Choose another book
              </button>
            </div>
          </div>
          <Ask key={data.id} book={data.id} />
        </div>
      )}
    </Answer>
  );
}

export default function Assistant() {
  useTitle("Assistant");
  const [params, setParams] = useSearchParams();
  const id = /^\d+$/.exec(params.get("book") ?? "")?.[0];
  const q = params.get("q") ?? "";
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setParams({ q: String(new FormData(event.currentTarget).get("about")).trim() });
  };
  return (
    <>
      <h1>Ask about a book</h1>
      <p>Our assistant has read what customers wrote, and answers from it.</p>
      {id ? (
        <Chosen id={id} leave={() => setParams(q ? { q } : {})} />
      ) : (
        <>
          <form onSubmit={submit} className="question">
            <label htmlFor="about">Which book? Its title, or what it is about</label>
            <div className="with-button">
              <input id="about" name="about" required maxLength={100} defaultValue={q} key={q} />
              <button>Find it</button>
            </div>
          </form>
          {!q && <Ideas page="/assistant" />}
          <Choice q={q} choose={(book) => setParams({ q, book: String(book.id) })} />
        </>
      )}
    </>
  );
}
