import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { useHistoryState } from "wouter/use-browser-location";

import type { Order as Placed } from "../api";
import { useTitle } from "../arrival";
import { day, price } from "../format";
import { Answer } from "../parts/Answer";
import { BookLink } from "../parts/BookLink";
import { queries } from "../queries";

function Lines({ order }: { order: Placed }) {
  return (
    <table className="lines">
      <thead>
        <tr>
          <th scope="col">Book</th>
          <th scope="col">Copies</th>
          <th scope="col">Price</th>
        </tr>
      </thead>
      <tbody>
        {order.lines.map((line) => (
          <tr key={line.book}>
            <td>
              <BookLink id={line.book}>{line.title}</BookLink>
            </td>
            <td>{line.quantity}</td>
            <td>{price(line.quantity * line.price_cents)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row" colSpan={2}>
            Total
          </th>
          <td>
            <strong>{price(order.total_cents)}</strong>
          </td>
        </tr>
      </tfoot>
    </table>
  );
}

export default function Order({ params }: { params: { id: string } }) {
  const placed = useHistoryState<{ placed?: boolean } | null>()?.placed;
  const order = useQuery(queries.order(params.id));
  useTitle(`Order ${params.id}`);
  return (
    <Answer of={order} heading="This order cannot be shown">
      {(data) => (
        <article className="order">
          {placed && (
            <div role="status" className="thanks card">
              <h2>Thank you, {data.name}</h2>
              <p>Your order is on its way. A confirmation goes to {data.email}.</p>
            </div>
          )}
          <h1>Order {data.id}</h1>
          <p>
            Of {day(data.created)}, to {data.name} in {data.city}.{" "}
            {data.delivery_hours === null
              ? "We cannot tell when it will arrive."
              : `It should arrive in about ${Math.round(data.delivery_hours)} hours.`}
          </p>
          <Lines order={data} />
          <Link href="/orders">All your orders</Link>
        </article>
      )}
    </Answer>
  );
}
