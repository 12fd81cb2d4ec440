import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";

import { api, type BookPage, type Review } from "../api";
import { useTitle } from "../arrival";
import { count, day, price } from "../format";
import { Answer, Failed } from "../parts/Answer";
import { Ask } from "../parts/Ask";
import { Books, Stars } from "../parts/Books";
import { Cover } from "../parts/Cover";
import { Readers } from "../parts/Readers";
import { ReviewForm } from "../parts/ReviewForm";
import { BookSkeleton } from "../parts/Skeletons";
import { queries } from "../queries";

function ReviewText({ review }: { review: Review }) {
  return (
    <li>
      <Stars rating={review.rating} /> <strong>{review.reviewer}</strong>{" "}
      <span className="quiet">
        {review.city}, {day(review.created)}
      </span>
      <p>{review.text}</p>
    </li>
  );
}

function AllReviews({ id, count }: { id: string; count: number }) {
  const reviews = useInfiniteQuery({
    queryKey: ["reviews", id],
    queryFn: ({ pageParam }) => api.reviews(id, pageParam),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    enabled: false,
  });
  const more = () => (reviews.data ? reviews.fetchNextPage() : reviews.refetch());
  const rows = reviews.data?.pages.flatMap((page) => page.results).slice(20) ?? [];
  return (
    <>
      <ul className="reviews">
        {rows.map((review) => (
          <ReviewText key={review.id} review={review} />
        ))}
      </ul>
      {count > 20 && (!reviews.data || reviews.hasNextPage) && (
        <button disabled={reviews.isFetching} onClick={more}>
          {reviews.isFetching ? "Loading…" : "More reviews"}
        </button>
      )}
      <Failed of={{ error: reviews.error, refetch: more }} />
    </>
  );
}

function Buy({ book }: { book: BookPage }) {
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: api.add,
    onSuccess: (cart) => client.setQueryData(["cart"], cart),
  });
  return (
    <>
      <p className="actions">
        <button disabled={add.isPending || !book.stock} onClick={() => add.mutate(book.id)}>
          {book.stock ? "Add to cart" : "Sold out"}
        </button>
        <span role="status">
          {add.isSuccess && (
            <>
              In <Link href="/cart">your cart</Link>.
            </>
          )}
        </span>
      </p>
      {add.error && <p role="alert">{add.error.message}</p>}
    </>
  );
}

function Delivery({ delivery }: Pick<BookPage, "delivery">) {
  if (!delivery) return <p className="quiet">We cannot tell how long the delivery takes.</p>;
  return <p>Delivered in about {Math.round(delivery.hours)} hours.</p>;
}

function About({ data }: { data: BookPage }) {
  return (
    <div className="book">
      <Cover cover={data.cover} title={data.title} author={data.authors[0]} first />
      <div>
        <h1>{data.title}</h1>
        <p className="by">
          by {data.authors.join(", ")} ·{" "}
          <Link href={`/books?genre=${data.genre.slug}`}>{data.genre.name}</Link> ·{" "}
          {data.published.slice(0, 4)}
        </p>
        <p>
          <Stars rating={data.rating} /> <a href="#reviews">{count(data.review_count, "review")}</a>
        </p>
        <p>{data.description}</p>
        <p className="price">{price(data.price_cents)}</p>
        {data.stock > 0 && <Delivery delivery={data.delivery} />}
        <Buy book={data} />
      </div>
    </div>
  );
}

export default function Book({ params }: { params: { id: string } }) {
  const book = useQuery(queries.book(params.id));
  useTitle(book.data?.title ?? "Book");
  return (
    <Answer of={book} waiting={<BookSkeleton />} heading="This book cannot be shown">
      {(data) => (
        // Another book is another page: no question or form is carried over to it.
        <article key={data.id}>
          <About data={data} />
          <div className="beside">
            <Readers {...data} />
            <Ask book={data.id} />
          </div>
          <h2>Readers also looked at</h2>
          {data.similar.length === 0 && <p className="quiet">We cannot tell at the moment.</p>}
          <Books books={data.similar} shelf />
          <h2 id="reviews">Reviews</h2>
          <ReviewForm id={params.id} />
          {data.review_count === 0 && <p>Nobody has reviewed this book yet.</p>}
          <ul className="reviews">
            {data.reviews.map((review) => (
              <ReviewText key={review.id} review={review} />
            ))}
          </ul>
          <AllReviews id={params.id} count={data.review_count} />
        </article>
      )}
    </Answer>
  );
}
