import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Loading } from "./Skeletons";

/** What went wrong, and a way to try again. */
export function Failed({ of }: { of: { error: Error | null; refetch: () => unknown } }) {
  if (!of.error) return null;
  return (
    <div role="alert" className="notice">
      <p>{of.error.message}</p>
      <button onClick={() => void of.refetch()}>Try again</button>
    </div>
  );
}

/** Shows a query's data, or honestly that there is none (yet). */
export function Answer<T>(props: {
  of: UseQueryResult<T>;
  waiting?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  const { data, error } = props.of;
  // What was there before an error is still worth reading.
  if (data !== undefined) return <>{props.children(data)}</>;
  if (error) return <Failed of={props.of} />;
  return <>{props.waiting ?? <Loading />}</>;
}
