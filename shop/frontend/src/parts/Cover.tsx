import type { Card } from "../api";

const PATTERNS = [
  "M0 60h80v8H0zM0 76h80v4H0z",
  "M20 0h8v120h-8zM36 0h4v120h-4z",
  "M0 120L80 40v16L16 120z",
  "M40 30a24 24 0 1 0 .1 0z",
  "M8 8h64v64H8zM16 16v48h48V16z",
  "M0 0h80L0 80z",
];

/** A cover drawn from two numbers: no image has to be fetched. */
export function Cover({ cover, title }: Pick<Card, "cover" | "title">) {
  return (
    <svg className="cover" viewBox="0 0 80 120" role="img" aria-label={`Cover of ${title}`}>
      <rect width="80" height="120" fill={`hsl(${cover.hue} 45% 34%)`} />
      <path d={PATTERNS[cover.pattern]} fill={`hsl(${(cover.hue + 40) % 360} 60% 70%)`} opacity=".55" />
    </svg>
  );
}
