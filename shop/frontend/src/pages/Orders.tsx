import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import type { OrderRow } from "../api";
import { useTitle } from "../arrival";
import { count, day, price } from "../format";
import { Failed } from "../parts/Answer";
import { More } from "../parts/More";
import { Loading } from "../parts/Skeletons";
import { queries } from "../queries";

function Row({ order }: { order: OrderRow }) {
  const books = typeof order.lines === "number" ? order.lines : order.lines.length;
  return (
    <li>
      <Link href={`/orders/${order.id}`} className="card order-row">
        <strong>Order {order.id}</strong>
        <span className="quiet">{day(order.created)}</span>
        <span>{count(books, "book")}</span>
        <span className="price">{price(order.total_cents)}</span>
      </Link>
    </li>
  );
}

/** There may be orders that were made elsewhere, unless it is known who looks. */
function None() {
  const session = useQuery(queries.session());
  if (session.isPending) return <Loading />;
  return (
    <div className="notice">
      <p>Nothing was ordered {session.data ? "with this account" : "in this browser"} yet.</p>
      {session.data ? (
        <Link href="/books" className="button">
          Look around
        </Link>
      ) : (
        <p>
          <Link href="/account?next=/orders">Log in</Link> to see what you ordered elsewhere.
        </p>
      )}
    </div>
  );
}

export default function Orders() {
  useTitle("Orders");
  const list = useInfiniteQuery(queries.orders());
  const orders = list.data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <>
      <h1>Your orders</h1>
      {list.isPending && <Loading />}
      {list.error && orders.length === 0 && <Failed of={list} />}
      {list.isSuccess && orders.length === 0 && <None />}
      <ul className="orders">
        {orders.map((order) => (
          <Row key={order.id} order={order} />
        ))}
      </ul>
      {orders.length > 0 && <More of={list}>Older orders</More>}
    </>
  );
}
