// A tenant's application in TypeScript, with fetch: what is to be remembered or recalled is routed to the spaces that it belongs to.
//
// Run it with `examples/multi_tenant/run typescript` beside `./engram up`.

const API = `${process.env["ENGRAM_URL"]}/api/v1/`;
const FOREIGN = "acme_support";

type Permission = "read" | "write" | "manage";
type Json = Record<string, unknown>;
interface Hit {
  space: string;
  memory: { content: string };
}

/** An answer that is not the one asked for. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`${status} ${code}`);
  }
}

const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

interface Tokens {
  access: string;
  refresh: string;
}

/** Speaks JSON to Engram, waits for as long as a 429 says, and refreshes its token when it has run out. */
class Client {
  waited = 0;
  private refreshing?: Promise<void> | undefined;

  private constructor(private tokens?: Tokens) {}

  static async signIn(credentials: Json): Promise<Client> {
    return new Client(await new Client().call<Tokens>("POST", "auth/token/", credentials));
  }

  /** A refresh token works once: whoever comes while it is being used waits for what comes of it. */
  private refresh({ refresh }: Tokens): Promise<void> {
    this.refreshing ??= new Client()
      .call<Tokens>("POST", "auth/token/refresh/", { refresh })
      .then((tokens) => void (this.tokens = tokens))
      .finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  async call<Answer>(method: string, path: string, body?: Json): Promise<Answer> {
    for (let refreshed = false; ; ) {
      const tokens = this.tokens;
      const response = await fetch(API + path, {
        method,
        headers: {
          "Content-Type": "application/json",
          ...(tokens === undefined ? {} : { Authorization: `Bearer ${tokens.access}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      });
      if (response.status === 429) {
        this.waited += 1;
        await response.body?.cancel();
        await sleep(Number(response.headers.get("Retry-After")));
        refreshed = false;
        continue;
      }
      if (response.status === 401 && tokens !== undefined && !refreshed) {
        await response.body?.cancel();
        if (tokens === this.tokens) await this.refresh(tokens);
        refreshed = true;
        continue;
      }
      const answer = response.status === 204 ? undefined : await response.json();
      if (!response.ok) throw new Refusal(response.status, answer.errors[0].code);
      return answer as Answer;
    }
  }
}

/** Which space each kind of knowledge lives in: what is ours is private, what everyone may know is shared. */
const ROUTES = {
  ours: { space: "globex_example_typescript", permissions: ["read", "write"] },
  everyones: { space: "common_knowledge", permissions: ["read"] },
} as const satisfies Record<string, { space: string; permissions: readonly Permission[] }>;

type Route = keyof typeof ROUTES;

/** The routes of `R` to which may be written: remembering by any other does not compile. */
type Writable = { [R in Route]: "write" extends (typeof ROUTES)[R]["permissions"][number] ? R : never }[Route];

class Router {
  constructor(private readonly client: Client) {}

  remember(route: Writable, content: string): Promise<unknown> {
    return this.client.call("POST", `spaces/${ROUTES[route].space}/memories/`, { content, session: "standup" });
  }

  async recall(routes: Route[], query: string): Promise<Hit[]> {
    const spaces = routes.map((route) => ROUTES[route].space);
    const answer = await this.client.call<{ results: Hit[] }>("POST", "recall/", { query, spaces, limit: 20 });
    return answer.results;
  }

  list(route: Route): Promise<unknown> {
    return this.client.call("GET", `spaces/${ROUTES[route].space}/memories/?limit=1`);
  }

  async usage(route: Route): Promise<{ memories: number; capacity: number }> {
    const path = `spaces/${ROUTES[route].space}/usage/`;
    return (await this.client.call<{ total: { memories: number; capacity: number } }>("GET", path)).total;
  }
}

/** Make the private space, unless it is there from the last time. */
async function createSpace(admin: Client, name: string): Promise<void> {
  try {
    await admin.call("POST", "spaces/", { name });
  } catch (error) {
    if (!(error instanceof Refusal && error.status === 409)) throw error;
  }
}

async function refusedAt(client: Client, space: string): Promise<Refusal> {
  try {
    await client.call("POST", `spaces/${space}/recall/`, { query: "secrets" });
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error(`${space} let us in.`);
}

/** More calls at once than the space allows, forty at a time; how many were answered. */
async function hurry(router: Router, calls: number): Promise<number> {
  const waiting = Array(calls).keys();
  let done = 0;
  const worker = async (): Promise<void> => {
    for (const _ of waiting) {
      await router.list("ours");
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: 40 }, worker));
  return done;
}

async function use(client: Client): Promise<void> {
  const whoami = await client.call<{ tenant: string; spaces: Json }>("GET", "auth/whoami/");
  console.log(`A token for ${whoami.tenant}: ${Object.keys(whoami.spaces).sort().join(", ")}`);

  const router = new Router(client);
  await router.remember("ours", "The importer closes its files with a context manager.");
  await router.remember("ours", "It has not leaked a file since.");
  console.log(`Remembered 2 memories in ${ROUTES.ours.space}`);

  const hits = await router.recall(["ours", "everyones"], "context manager and the with statement");
  console.log(`Recalled from ${[...new Set(hits.map((hit) => hit.space))].sort().join(", ")}`);

  console.log(`Refused at ${FOREIGN}: ${(await refusedAt(client, FOREIGN)).message}`);

  console.log(`${await hurry(router, 120)} calls at once done, ${client.waited > 0 ? "some" : "none"} of them told to wait`);

  const { memories, capacity } = await router.usage("ours");
  console.log(`Used: ${memories} of ${capacity} memories`);
}

async function main(): Promise<void> {
  const login = {
    username: process.env["ENGRAM_USERNAME"],
    password: process.env["ENGRAM_PASSWORD"],
    tenant: "globex",
  };
  await createSpace(await Client.signIn(login), ROUTES.ours.space);
  // A token names its spaces when it is made: the new one is in the next.
  const admin = await Client.signIn(login);
  const spaces = Object.fromEntries(Object.values(ROUTES).map(({ space, permissions }) => [space, permissions]));
  const key = await admin.call<{ id: string; api_key: string }>("POST", "keys/", { name: "typescript example", spaces });
  try {
    await use(await Client.signIn({ api_key: key.api_key }));
  } finally {
    await admin.call("DELETE", `keys/${key.id}/`);
  }
}

await main();
