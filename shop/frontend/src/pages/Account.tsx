import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { Link, useLocation, useSearchParams } from "wouter";

import { type Account as Known, type Address, api } from "../api";
import { focusContent, useTitle } from "../arrival";
import { Answer } from "../parts/Answer";
import { AddressFields, Field } from "../parts/Field";
import { queries } from "../queries";

/** Cart, orders and recommendations are another person's from now on. */
function changeTo(client: QueryClient, account: Known | null) {
  client.setQueryData(["session"], account);
  focusContent();
  for (const key of ["cart", "home", "orders", "order"]) {
    void client.resetQueries({ queryKey: [key] });
  }
}

/** Where somebody came from to log in: a path of this shop, never another site's address. */
function useNext(): string {
  const [params] = useSearchParams();
  const next = params.get("next") ?? "";
  return /^\/(?![/\\])/.test(next) ? next : "";
}

function useEnter<T>(call: (body: T) => Promise<Known>) {
  const client = useQueryClient();
  const [, go] = useLocation();
  const next = useNext();
  const enter = useMutation({
    mutationFn: call,
    onSuccess: (account) => {
      changeTo(client, account);
      if (next) go(next, { replace: true });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    enter.mutate(Object.fromEntries(new FormData(event.currentTarget)) as T);
  };
  return { ...enter, submit };
}

function LogIn() {
  const enter = useEnter<{ email: string; password: string }>(api.enter);
  return (
    <form className="fields card" onSubmit={enter.submit}>
      <h2>Log in</h2>
      <Field label="E-mail" name="email" type="email" required autoComplete="username" />
      <Field
        label="Password"
        name="password"
        type="password"
        required
        autoComplete="current-password"
      />
      <button disabled={enter.isPending}>Log in</button>
      {enter.error && <p role="alert">{enter.error.message}</p>}
    </form>
  );
}

function Register() {
  const enter = useEnter<Address & { password: string }>(api.register);
  return (
    <form className="fields card" onSubmit={enter.submit}>
      <h2>Open an account</h2>
      <AddressFields />
      <Field
        label="Password"
        name="password"
        type="password"
        required
        minLength={8}
        maxLength={128}
        autoComplete="new-password"
        hint="8 characters or more"
      />
      <button disabled={enter.isPending}>Register</button>
      {enter.error && <p role="alert">{enter.error.message}</p>}
    </form>
  );
}

function LoggedIn({ account }: { account: Known }) {
  const client = useQueryClient();
  const leave = useMutation({ mutationFn: api.leave, onSuccess: () => changeTo(client, null) });
  return (
    <div className="card fields">
      <p>
        <strong>{account.name}</strong>
        <br />
        {account.email}
        <br />
        {account.city}
      </p>
      <p className="actions">
        <Link href="/orders" className="button">
          Your orders
        </Link>
        <button className="plain" disabled={leave.isPending} onClick={() => leave.mutate()}>
          Log out
        </button>
      </p>
      {leave.error && <p role="alert">{leave.error.message}</p>}
    </div>
  );
}

export default function Account() {
  useTitle("Account");
  const session = useQuery(queries.session());
  return (
    <>
      <h1>Your account</h1>
      <Answer of={session}>
        {(account) =>
          account ? (
            <LoggedIn account={account} />
          ) : (
            <div className="two">
              <LogIn />
              <Register />
            </div>
          )
        }
      </Answer>
    </>
  );
}
