import { type InputHTMLAttributes, useId } from "react";

/** A labelled input; `hint` says what is wanted before it is wrong. */
export function Field(
  props: { label: string; hint?: string } & InputHTMLAttributes<HTMLInputElement>,
) {
  const { label, hint, ...input } = props;
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} aria-describedby={hint && `${id}-hint`} {...input} />
      {hint && (
        <small id={`${id}-hint`} className="quiet">
          {hint}
        </small>
      )}
    </div>
  );
}

/** Who and where, as checkout and registration ask for it. */
export function AddressFields({ known }: { known?: { name: string; email: string; city: string } | null }) {
  return (
    <>
      <Field
        label="Name"
        name="name"
        required
        maxLength={120}
        autoComplete="name"
        defaultValue={known?.name}
      />
      <Field
        label="E-mail"
        name="email"
        type="email"
        required
        autoComplete="email"
        defaultValue={known?.email}
      />
      <Field
        label="City"
        name="city"
        required
        maxLength={80}
        autoComplete="address-level2"
        defaultValue={known?.city}
      />
    </>
  );
}
