import type { ReactNode } from "react";

import { Failed } from "./Answer";

interface Paged {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
  error: Error | null;
}

/** The button under a list that has more, and why more did not come. */
export function More({ of, children }: { of: Paged; children: ReactNode }) {
  if (of.error) return <Failed of={{ error: of.error, refetch: () => of.fetchNextPage() }} />;
  if (!of.hasNextPage) return null;
  return (
    <p className="more">
      <button disabled={of.isFetchingNextPage} onClick={() => void of.fetchNextPage()}>
        {of.isFetchingNextPage ? "Loading…" : children}
      </button>
    </p>
  );
}
