import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useRef } from "react";
import { Link } from "wouter";

import { useLoaders } from "../loaders";
import { queries } from "../queries";

/** Who stays on a link for this many milliseconds probably means it. */
const INTENT = 80;

/** A link to a book's page, which is fetched once somebody seems about to follow it. */
export function BookLink(props: { id: number; className?: string; children: ReactNode }) {
  const client = useQueryClient();
  const load = useLoaders();
  const timer = useRef(0);
  const ahead = () => {
    void load.book();
    void client.prefetchQuery(queries.book(String(props.id)));
  };
  return (
    <Link
      href={`/books/${props.id}`}
      className={props.className}
      onPointerEnter={() => (timer.current = window.setTimeout(ahead, INTENT))}
      onPointerLeave={() => clearTimeout(timer.current)}
      onTouchStart={ahead}
      onFocus={() => void load.book()}
    >
      {props.children}
    </Link>
  );
}
