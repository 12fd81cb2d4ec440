import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { Refused } from "../api";
import { whenIdle } from "../idle";
import "../style.css";
import { App } from "./App";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // A refusal is an answer; asking again is for what did not answer.
      retry: (failures, error) =>
        failures < 1 && !(error instanceof Refused && error.status < 500),
    },
  },
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);

whenIdle(() => void import("../vitals"));
