/** JSON over HTTP with the shop's API. */

/** An answer that is no success; `message` is for people. */
export class Refused extends Error {
  status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

declare global {
  interface Window {
    /** What index.html asked for before this code had arrived. */
    early?: { path: string; answer: Promise<Response> };
  }
}

/** GETs `path`, or does what `init` says. Throws Refused, or what `reached` throws. */
export async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await reached(taken(path, init) ?? fetch(`/api${path}`, init));
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? (null as T) : reached(response.json() as Promise<T>);
}

/** What is on its way; where it does not arrive, an Error in words for people. */
export async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const { name } = error as Error;
    // Whoever gave up knows why.
    if (name === "AbortError") throw error;
    const late = name === "TimeoutError";
    throw new Error(
      late ? "The shop takes too long to answer." : "The shop cannot be reached at the moment.",
    );
  }
}

/** Sends `body` as JSON. */
export function send<T>(path: string, method: string, body?: unknown): Promise<T> {
  return ask<T>(path, json(method, body));
}

export function json(method: string, body?: unknown): RequestInit {
  const headers = { "Content-Type": "application/json" };
  return { method, headers, body: JSON.stringify(body) };
}

/** Why the shop refused, in the words of its answer where it has some. */
export async function refusal(response: Response): Promise<Refused> {
  const body: unknown = await response.json().catch(() => null);
  const unsaid = `Something went wrong in the shop (${response.status}).`;
  return new Refused(reason(body) ?? unsaid, response.status);
}

/** The first reason in a body such as {"detail": "…"} or {"email": ["…"]}. */
export function reason(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const first: unknown = Object.values(body)[0];
  const word = Array.isArray(first) ? first[0] : first;
  return typeof word === "string" ? word : undefined;
}

function taken(path: string, init?: RequestInit): Promise<Response> | undefined {
  const early = window.early;
  if (init?.method || early?.path !== path) return undefined;
  // Once: whoever asks again wants a fresh answer.
  window.early = undefined;
  return early.answer;
}
