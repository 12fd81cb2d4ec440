/** What a browser does by itself when a document is loaded, and a router has to do for it. */

import { useEffect } from "react";

/** Names the page in the title, and to those who hear it. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = title ? `${title} – Quayside Books` : "Quayside Books";
    // Not on the first page: that one is announced by the browser.
    if (moved) document.getElementById("arrival")!.textContent = document.title;
  }, [title]);
}

let moved = false;

/** The focus for whose place is gone: a page that was left, a form that has done its work. */
export function focusContent() {
  document.getElementById("content")?.focus({ preventScroll: true });
}

/** Another page begins at its top, with the focus on its content; going back keeps the place. */
export function useArrival() {
  useEffect(() => {
    let path = location.pathname;
    const arrive = () => {
      if (location.pathname === path) return;
      path = location.pathname;
      moved = true;
      scrollTo({ top: 0, behavior: "instant" });
      focusContent();
    };
    const back = () => {
      path = location.pathname;
      moved = true;
    };
    // wouter makes events of these two.
    addEventListener("pushState", arrive);
    addEventListener("replaceState", arrive);
    addEventListener("popstate", back);
    return () => {
      removeEventListener("pushState", arrive);
      removeEventListener("replaceState", arrive);
      removeEventListener("popstate", back);
    };
  }, []);
}
