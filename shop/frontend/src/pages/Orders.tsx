import { useInfiniteQuery } from "@tanstack/react-query";
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

export default function Orders() {
  useTitle("Orders");
  const list = useInfiniteQuery(queries.orders());
  const orders = list.data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <>
      <h1>Your orders</h1>
      {list.isPending && <Loading />}
      {list.error && orders.length === 0 && <Failed of={list} />}
      {list.isSuccess && orders.length === 0 && (
        <div className="notice">
          <p>Nothing was ordered in this browser yet.</p>
          <p>
            <Link href="/account?next=/orders">Log in</Link> to see what you ordered elsewhere.
          </p>
        </div>
      )}
      <ul className="orders">
        {orders.map((order) => (
          <Row key={order.id} order={order} />
        ))}
      </ul>
      {orders.length > 0 && <More of={list}>Older orders</More>}
    </>
  );
}
