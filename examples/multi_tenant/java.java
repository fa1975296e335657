// A tenant's application in Java, with java.net.http and Jackson: a tenant context that a thread enters and leaves.
//
// Run it with `examples/multi_tenant/run java` beside `./engram up`.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

class MultiTenant {
    static final String SPACE = "globex_example_java";
    static final String SHARED = "common_knowledge";
    static final String FOREIGN = "acme_support";

    public static void main(String[] arguments) throws Exception {
        var engram = new Engram(System.getenv("ENGRAM_URL") + "/api/v1/");
        Map<String, Object> login = Map.of(
                "username", System.getenv("ENGRAM_USERNAME"), "password", System.getenv("ENGRAM_PASSWORD"), "tenant", "globex");
        try (var admin = TenantContext.enter(engram.signIn(login))) {
            createSpace(engram);
        }
        // A token names its spaces when it is made: the new one is in the next.
        try (var admin = TenantContext.enter(engram.signIn(login))) {
            var spaces = Map.of(SPACE, List.of("read", "write"), SHARED, List.of("read"));
            var key = engram.post("keys/", Map.of("name", "java example", "spaces", spaces));
            try (var tenant = TenantContext.enter(engram.signIn(Map.of("api_key", key.get("api_key").asText())))) {
                use(engram);
            } finally {
                engram.delete("keys/" + key.get("id").asText() + "/");
            }
        }
    }

    /** Make the private space, unless it is there from the last time. */
    static void createSpace(Engram engram) throws IOException, InterruptedException {
        try {
            engram.post("spaces/", Map.of("name", SPACE));
        } catch (Refusal refusal) {
            if (refusal.status != 409) {
                throw refusal;
            }
        }
    }

    static void use(Engram engram) throws Exception {
        var whoami = engram.get("auth/whoami/");
        var named = new TreeSet<String>();
        whoami.get("spaces").fieldNames().forEachRemaining(named::add);
        System.out.printf("A token for %s: %s%n", whoami.get("tenant").asText(), String.join(", ", named));

        for (var content : List.of("The importer closes its files with a context manager.", "It has not leaked a file since.")) {
            engram.post("spaces/" + SPACE + "/memories/", Map.of("content", content, "session", "standup"));
        }
        System.out.printf("Remembered 2 memories in %s%n", SPACE);

        var cue = Map.of("query", "context manager and the with statement", "spaces", List.of(SPACE, SHARED), "limit", 20);
        var from = new TreeSet<String>();
        engram.post("recall/", cue).get("results").forEach(hit -> from.add(hit.get("space").asText()));
        System.out.printf("Recalled from %s%n", String.join(", ", from));

        try {
            engram.post("spaces/" + FOREIGN + "/recall/", Map.of("query", "secrets"));
            throw new IllegalStateException(FOREIGN + " let us in.");
        } catch (Refusal refusal) {
            System.out.printf("Refused at %s: %s%n", FOREIGN, refusal.getMessage());
        }

        var done = hurry(engram, 120);
        System.out.printf("%d calls at once done, %s of them told to wait%n", done, engram.waited.get() > 0 ? "some" : "none");

        var total = engram.get("spaces/" + SPACE + "/usage/").get("total");
        System.out.printf("Used: %d of %d memories%n", total.get("memories").asLong(), total.get("capacity").asLong());
    }

    /** More calls at once than the space allows, forty at a time, each for the tenant of this thread; how many were answered. */
    static int hurry(Engram engram, int calls) throws Exception {
        var pool = Executors.newFixedThreadPool(40);
        try {
            Callable<JsonNode> list = TenantContext.carried(() -> engram.get("spaces/" + SPACE + "/memories/?limit=1"));
            var done = 0;
            for (var answer : pool.invokeAll(IntStream.range(0, calls).mapToObj(call -> list).toList())) {
                answer.get();
                done++;
            }
            return done;
        } finally {
            pool.shutdown();
        }
    }
}

/** On whose behalf the thread works: entered at the edge of the application, left at the end of the block. */
final class TenantContext implements AutoCloseable {
    private static final ThreadLocal<TenantContext> CURRENT = new ThreadLocal<>();

    final Session session;
    private final TenantContext outer;

    private TenantContext(Session session, TenantContext outer) {
        this.session = session;
        this.outer = outer;
    }

    static TenantContext enter(Session session) {
        CURRENT.set(new TenantContext(session, CURRENT.get()));
        return CURRENT.get();
    }

    static TenantContext current() {
        return CURRENT.get();
    }

    /** The same work for the same tenant, on whatever thread it will run. */
    static <T> Callable<T> carried(Callable<T> work) {
        var session = current().session;
        return () -> {
            try (var tenant = enter(session)) {
                return work.call();
            }
        };
    }

    @Override
    public void close() {
        CURRENT.set(outer);
    }
}

/** A tenant's tokens: the one to send along, and the one that the next pair is got with. */
final class Session {
    private JsonNode tokens;

    Session(JsonNode tokens) {
        this.tokens = tokens;
    }

    synchronized String access() {
        return tokens.get("access").asText();
    }

    /** Get the next pair, unless another thread has: a refresh token works once. */
    synchronized void renew(String used, Engram engram) throws IOException, InterruptedException {
        if (access().equals(used)) {
            tokens = engram.exchange("auth/token/refresh/", Map.of("refresh", tokens.get("refresh").asText()));
        }
    }
}

/** An answer that is not the one asked for. */
final class Refusal extends RuntimeException {
    final int status;

    Refusal(int status, String code) {
        super(status + " " + code);
        this.status = status;
    }
}

/** Speaks JSON to Engram for the tenant of the context, waits for as long as a 429 says, and renews a token that has run out. */
final class Engram {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    final AtomicInteger waited = new AtomicInteger();
    private final String api;
    private final ObjectMapper json = new ObjectMapper();
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    Engram(String api) {
        this.api = api;
    }

    Session signIn(Map<String, Object> credentials) throws IOException, InterruptedException {
        return new Session(exchange("auth/token/", credentials));
    }

    /** Credentials for tokens. */
    JsonNode exchange(String path, Map<String, ?> credentials) throws IOException, InterruptedException {
        var body = BodyPublishers.ofString(json.writeValueAsString(credentials));
        return read(http.send(request(path).POST(body).build(), BodyHandlers.ofString()));
    }

    JsonNode get(String path) throws IOException, InterruptedException {
        return send(request(path).GET());
    }

    JsonNode post(String path, Map<String, ?> body) throws IOException, InterruptedException {
        return send(request(path).POST(BodyPublishers.ofString(json.writeValueAsString(body))));
    }

    void delete(String path) throws IOException, InterruptedException {
        send(request(path).DELETE());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(api + path)).timeout(PATIENCE).header("Content-Type", "application/json");
    }

    private JsonNode send(HttpRequest.Builder builder) throws IOException, InterruptedException {
        HttpResponse<String> response;
        while ((response = signed(builder)).statusCode() == 429) {
            waited.incrementAndGet();
            Thread.sleep(1000 * response.headers().firstValueAsLong("Retry-After").orElseThrow());
        }
        return read(response);
    }

    private HttpResponse<String> signed(HttpRequest.Builder builder) throws IOException, InterruptedException {
        var session = TenantContext.current().session;
        var access = session.access();
        var response = send(builder, access);
        if (response.statusCode() == 401) {
            session.renew(access, this);
            response = send(builder, session.access());
        }
        return response;
    }

    private HttpResponse<String> send(HttpRequest.Builder builder, String access) throws IOException, InterruptedException {
        return http.send(builder.setHeader("Authorization", "Bearer " + access).build(), BodyHandlers.ofString());
    }

    private JsonNode read(HttpResponse<String> response) throws IOException {
        var answer = json.readTree(response.body());
        if (response.statusCode() >= 300) {
            throw new Refusal(response.statusCode(), answer.get("errors").get(0).get("code").asText());
        }
        return answer;
    }
}
