import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, price, type Review } from "../api";
import { Answer } from "../parts/Answer";
import { Books, Stars } from "../parts/Books";
import { Cover } from "../parts/Cover";

function ReviewText({ review }: { review: Review }) {
  return (
    <li>
      <Stars rating={review.rating} /> <strong>{review.reviewer}</strong>{" "}
      <span className="quiet">
        {review.city}, {new Date(review.created).toLocaleDateString()}
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
        <button onClick={more}>More reviews</button>
      )}
    </>
  );
}

export default function Book({ params }: { params: { id: string } }) {
  const client = useQueryClient();
  const book = useQuery({ queryKey: ["book", params.id], queryFn: () => api.book(params.id) });
  const add = useMutation({
    mutationFn: api.add,
    onSuccess: (cart) => client.setQueryData(["cart"], cart),
  });
  return (
    <Answer of={book}>
      {(data) => (
        <article>
          <div className="book">
            <Cover cover={data.cover} title={data.title} />
            <div>
              <h1>{data.title}</h1>
              <p>
                by {data.authors.join(", ")} · {data.genre.name} · {data.published.slice(0, 4)}
              </p>
              <p>
                <Stars rating={data.rating} /> ({data.review_count} reviews)
              </p>
              <p>{data.description}</p>
              <p className="price">{price(data.price_cents)}</p>
              {data.delivery && <p>Delivered in about {Math.round(data.delivery.hours)} hours.</p>}
              <button disabled={add.isPending || !data.stock} onClick={() => add.mutate(data.id)}>
                {data.stock ? "Add to cart" : "Sold out"}
              </button>
              <span role="status">{add.isSuccess && " In your cart."}</span>
              {add.error && <p role="alert">{add.error.message}</p>}
            </div>
          </div>
          {data.similar.length > 0 && <h2>Readers also looked at</h2>}
          <Books books={data.similar} />
          <h2>Reviews</h2>
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
