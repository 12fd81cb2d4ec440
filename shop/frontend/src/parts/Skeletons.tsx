/** Places kept for what is on its way, of the same size as what will stand there. */

export function Loading() {
  return (
    <p role="status" className="loading">
      Loading…
    </p>
  );
}

export function BooksSkeleton({ count = 12, shelf = false }: { count?: number; shelf?: boolean }) {
  return (
    <ul className={shelf ? "books shelf" : "books"} aria-hidden="true">
      {Array.from({ length: count }, (_, index) => (
        <li key={index}>
          <span className="cover bone" />
          <span className="card-title">
            <span className="bone line-bone" />
          </span>
          <span className="authors">
            <span className="bone line-bone short" />
          </span>
          <span className="line">&nbsp;</span>
        </li>
      ))}
    </ul>
  );
}

export function BookSkeleton() {
  return (
    <>
      <Loading />
      <div className="book" aria-hidden="true">
        <span className="cover bone" />
        <div>
          <span className="bone line-bone tall" />
          <span className="bone line-bone short" />
          <span className="bone line-bone" />
          <span className="bone line-bone" />
          <span className="bone line-bone short" />
        </div>
      </div>
    </>
  );
}
