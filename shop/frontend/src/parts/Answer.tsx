import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

/** Shows a query's data, or honestly that there is none (yet). */
export function Answer<T>(props: { of: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  const { data, error } = props.of;
  if (error) return <p role="alert">{error.message}</p>;
  if (data === undefined) return <p role="status">Loading…</p>;
  return <>{props.children(data)}</>;
}
