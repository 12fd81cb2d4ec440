import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";

import { Refused } from "../http";
import { Loading } from "./Skeletons";

interface Fallen {
  of: { error: Error | null; refetch: () => unknown };
  /** What stands above, where it is all that a page has to show. */
  heading?: string;
}

/** What went wrong, and a way to try again where that may help. */
export function Failed({ of: { error, refetch }, heading }: Fallen) {
  if (!error) return null;
  const refused = error instanceof Refused && error.status < 500;
  const gone = refused && error.status === 404;
  return (
    <div role="alert" className="notice">
      {heading && <h1>{heading}</h1>}
      <p>{gone ? "It is not here (any more), or its address was mistyped." : error.message}</p>
      {refused ? (
        <Link href="/books" className="button">
          Browse all books
        </Link>
      ) : (
        <button onClick={() => void refetch()}>Try again</button>
      )}
    </div>
  );
}

/** Shows a query's data, or honestly that there is none (yet). */
export function Answer<T>(props: {
  of: UseQueryResult<T>;
  waiting?: ReactNode;
  heading?: string;
  children: (data: T) => ReactNode;
}) {
  const { data, error } = props.of;
  // What was there before an error is still worth reading.
  if (data !== undefined) return <>{props.children(data)}</>;
  if (error) return <Failed of={props.of} heading={props.heading} />;
  return <>{props.waiting ?? <Loading />}</>;
}
