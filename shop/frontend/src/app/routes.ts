/** The pages: each is a file of its own, loaded when it is wanted or about to be. */

import { lazy } from "react";

export const load = {
  account: () => import("../pages/Account"),
  assistant: () => import("../pages/Assistant"),
  book: () => import("../pages/Book"),
  books: () => import("../pages/Books"),
  cart: () => import("../pages/Cart"),
  checkout: () => import("../pages/Checkout"),
  order: () => import("../pages/Order"),
  orders: () => import("../pages/Orders"),
  search: () => import("../pages/Search"),
};

export const Account = lazy(load.account);
export const Assistant = lazy(load.assistant);
export const Book = lazy(load.book);
export const Books = lazy(load.books);
export const Cart = lazy(load.cart);
export const Checkout = lazy(load.checkout);
export const Order = lazy(load.order);
export const Orders = lazy(load.orders);
export const Search = lazy(load.search);
