/** What fetches the code of a page ahead: links ask for it here, and so need not import pages. */

import { createContext, useContext } from "react";

export type Page =
  | "account"
  | "assistant"
  | "book"
  | "books"
  | "cart"
  | "checkout"
  | "order"
  | "orders"
  | "search";

export const Loaders = createContext<Record<Page, () => Promise<unknown>>>(null!);

export const useLoaders = () => useContext(Loaders);
