import type { Card } from "../api";

const PATTERNS = 6;
const HUES = 8;

const FILES = import.meta.glob<string>("../covers/*.svg", {
  eager: true,
  import: "default",
  query: "?url",
});

/** The image nearest to a cover's two numbers. */
function file({ hue, pattern }: Card["cover"]): string {
  const nearest = Math.round((hue / 360) * HUES) % HUES;
  return FILES[`../covers/cover-${pattern % PATTERNS}-${nearest}.svg`];
}

type Props = Pick<Card, "cover" | "title"> & { author?: string; first?: boolean };

/** A cover: one of 48 images with the book's title on it. `first`: it is seen without scrolling. */
export function Cover({ cover, title, author, first }: Props) {
  return (
    <span className="cover">
      <img
        src={file(cover)}
        width={240}
        height={360}
        alt=""
        decoding="async"
        loading={first ? "eager" : "lazy"}
        fetchPriority={first ? "high" : "auto"}
      />
      {/* The title stands beside the cover as well; this one is for the eyes. */}
      <span className="imprint" aria-hidden="true">
        {title}
        {author && <small>{author}</small>}
      </span>
    </span>
  );
}
