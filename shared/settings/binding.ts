// SPDX-License-Identifier: Apache-2.0
// A service's declaration of its bindings, as wrangler.toml must have them, and the types of the bound objects.

interface Bound<T> {
  /** Never set: it carries the type of the bound object. */
  readonly bound?: T;
}

/** Storage, a Durable Object class or a rate limit; `T` is the type of the bound object. */
export type ResourceBinding<T = unknown> = Bound<T> &
  (
    | {
        readonly kind: "durable_object";
        readonly className: string;
        /** The service whose Worker implements the class and holds its storage. */
        readonly owner: string;
      }
    | { readonly kind: "r2"; readonly bucketName: string }
    | { readonly kind: "d1"; readonly databaseName: string; readonly databaseId: string }
    | {
        readonly kind: "rate_limit";
        /** Equal for bindings that count together. */
        readonly namespaceId: string;
        readonly limit: number;
        readonly periodSeconds: 10 | 60;
      }
  );

/**
 * Cloudflare's mail service, which not every account has: wrangler.toml binds it nowhere, and `sigedge deploy` binds it
 * where the settings ask for it (cli/deployment/wrangler-config.ts).
 */
export type MailBinding = Bound<SendEmail> & { readonly kind: "send_email" };

/** A named entrypoint of another service, called by RPC. In the composed Worker the composition supplies it. */
export type EntrypointBinding<T = unknown> = Bound<T> & {
  readonly kind: "entrypoint";
  readonly service: string;
  readonly entrypoint: string;
};

export type Binding = ResourceBinding | MailBinding | EntrypointBinding;

/** Whether a service runs without it. */
export const isOptional = (row: Binding): row is MailBinding => row.kind === "send_email";

export type Bindings = Readonly<Record<string, Binding>>;

/** The bindings in the environment of a service with these rows. */
export type BindingsEnv<Rows> = {
  readonly [Name in keyof Rows]: Rows[Name] extends Bound<infer T>
    ? Rows[Name] extends MailBinding
      ? T | undefined
      : NonNullable<T>
    : never;
};

/** The bindings that the environment of a composed Worker holds. */
export type ResourcesEnv<Rows> = {
  readonly [Name in keyof Rows as Rows[Name] extends EntrypointBinding ? never : Name]: BindingsEnv<Rows>[Name];
};
