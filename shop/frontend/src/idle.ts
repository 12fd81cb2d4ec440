/** What can wait until the page stands. */

import { useEffect, useState } from "react";

/** Calls back when the page has loaded and the browser has nothing better to do. */
export function whenIdle(callback: () => void) {
  const later = () =>
    "requestIdleCallback" in window
      ? requestIdleCallback(callback, { timeout: 2000 })
      : setTimeout(callback, 200);
  if (document.readyState === "complete") later();
  else addEventListener("load", later, { once: true });
}

export function useIdle(): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => whenIdle(() => setIdle(true)), []);
  return idle;
}
