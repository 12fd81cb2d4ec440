import { Link } from "wouter";

const IDEAS = [
  "a secret in the family",
  "life by the sea",
  "a gift for a cook",
  "how machines work",
];

/** What somebody might look for, for those who cannot think of anything: links to a page's `q`. */
export function Ideas({ page }: { page: string }) {
  return (
    <p className="chips">
      {IDEAS.map((idea) => (
        <Link key={idea} className="chip" href={`${page}?q=${encodeURIComponent(idea)}`}>
          {idea}
        </Link>
      ))}
    </p>
  );
}
