package io.adapt4j.verification.security;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Throwables;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.text.OpenAiCompatible;
import io.adapt4j.eval.judge.RubricJudge;
import io.adapt4j.eval.judge.ScoredAnswer;
import io.adapt4j.rag.embed.OpenAiEmbeddings;
import io.adapt4j.rag.index.PostgresIndex;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.verification.ExampleFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * The program of {@link PlantedSecretsTest}: trains, evaluates, exports, downloads, judges, embeds,
 * reaches a database and serves, with secrets wherever one can be given, in a folder of its own.
 * Whatever fails is printed with its causes. Arguments: the folder, the word in all secrets, and
 * that in those that stand in addresses.
 */
public final class PlantedSecrets {

  private static final String MODEL =
      ExampleFiles.example("models/stories260K").toAbsolutePath().toString();

  private final Path folder;
  private final String secret;
  private final String query;
  private final PrintWriter out = new PrintWriter(System.out, true, UTF_8);
  private int said;

  private PlantedSecrets(Path folder, String secret, String query) {
    this.folder = folder;
    this.secret = secret;
    this.query = query;
  }

  /** Runs everything, and prints how many parts did. Its servers would keep the process. */
  public static void main(String[] args) {
    try {
      PlantedSecrets program = new PlantedSecrets(Path.of(args[0]), args[1], args[2]);
      program.run();
      System.out.println("ended after " + program.said + " parts");
      System.exit(0);
    } catch (Throwable e) {
      e.printStackTrace();
      System.exit(1);
    }
  }

  private void run() throws Exception {
    HttpServer echo = echo();
    String address = "http://127.0.0.1:" + echo.getAddress().getPort();
    commands();
    hub(address);
    judge(address);
    embeddings(address);
    database();
    server();
  }

  private void commands() throws Exception {
    Files.writeString(
        folder.resolve("run.yaml"),
        """
        model: %s
        task: nextTokens
        data: {path: rows.jsonl, split: {train: 0.8, validation: 0.2, test: 0}}
        method: {lora: {rank: 2}}
        output: out
        maxSteps: 2
        maxLength: 32
        """
            .formatted(MODEL));
    Files.writeString(
        folder.resolve("rows.jsonl"), "{\"prompt\": \"a\", \"completion\": \"b\"}\n".repeat(9));
    Files.writeString(
        folder.resolve("tasks.yaml"),
        "tasks: [{name: a, answers: {path: rows.jsonl, prompt: '{prompt}', answer: completion,"
            + " maxNewTokens: 2}}]");
    String tasks = folder.resolve("tasks.yaml").toString();
    command("train", folder.resolve("run.yaml").toString());
    command("eval", MODEL, "--tasks", tasks, "--report", folder.resolve("report").toString());
    command("export", MODEL, "--to", folder.resolve("a.gguf").toString(), "--json");
    command("download", "acme/tiny");
    command("download", "acme/tiny", "--json");
    command("doctor");
    command("doctor", "--json");
    command("serve", "--help");
    command("serve", MODEL, "--host", "no.such.host.invalid", "--api-key-env", "SERVER_KEY");
    // Keys are given by variables; who gives one on the command line reads no echo of it.
    command("serve", MODEL, "--api-key", secret + "Option");
    command("serve", MODEL, "--api-key=" + secret + "Option");
    command("download", "acme/tiny", "--token=" + secret + "Option");
  }

  private void command(String... arguments) throws Exception {
    Method execute =
        Class.forName("io.adapt4j.cli.Adapt4j")
            .getDeclaredMethod("execute", PrintWriter.class, PrintWriter.class, String[].class);
    execute.setAccessible(true);
    out.println(arguments[0] + " ended with " + execute.invoke(null, out, out, arguments));
    said++;
  }

  private void hub(String address) {
    for (String way : List.of("redirect", "loop", "plain", "500")) {
      show(
          () ->
              Hub.builder()
                  .endpoint(address + "/" + way)
                  .token(secret + "HubToken")
                  .cache(folder.resolve("cache"))
                  .retries(0)
                  .build()
                  .download("acme/tiny"));
    }
    for (String endpoint :
        List.of(
            "https://me:" + query + "Endpoint@localhost",
            "https://localhost?key=" + query + "Endpoint",
            "https://localhost/<>?key=" + query + "Endpoint")) {
      show(() -> Hub.builder().endpoint(endpoint));
    }
    show(() -> Hub.builder().token(secret + "\nToken"));
  }

  private void judge(String address) {
    for (String way : List.of("plain", "200", "401", "500", "redirect")) {
      OpenAiCompatible generator =
          OpenAiCompatible.at(URI.create(address + "/" + way + "?key=" + query + "Query"))
              .model("m")
              .apiKeyFrom("OPENAI_KEY")
              .header("x-key", secret + "Header")
              .retries(0)
              .build();
      show(
          () ->
              RubricJudge.builder("Is it right?", 5)
                  .judge("judge", generator)
                  .replies(folder.resolve("replies"))
                  .build()
                  .score(List.of(new ScoredAnswer("1", "q", "a", "a"))));
      show(() -> generator + String.valueOf(generator.identity()));
    }
    show(() -> OpenAiCompatible.at(URI.create("ftp://h/v1?key=" + query + "Query")));
    show(() -> OpenAiCompatible.at(URI.create("https://u:" + query + "Query@h/v1")));
    show(
        () ->
            OpenAiCompatible.at(URI.create("http://h/v1")).model("m").apiKey(secret + "\nHeader"));
    show(() -> OpenAiCompatible.at(URI.create("http://h/v1")).header("x-key", secret + "\nHeader"));
  }

  private void embeddings(String address) {
    for (String way : List.of("plain", "200", "401", "500", "redirect")) {
      OpenAiEmbeddings embeddings =
          OpenAiEmbeddings.at(URI.create(address + "/" + way + "?key=" + query + "Query"))
              .model("m")
              .dimension(2)
              .apiKey(secret + "EmbeddingKey")
              .retries(0)
              .build();
      show(() -> embeddings.passages(List.of("text")));
      show(embeddings::identity);
    }
    show(() -> OpenAiEmbeddings.at(URI.create("ftp://h/v1?key=" + query + "Query")));
    show(
        () ->
            OpenAiEmbeddings.at(URI.create("http://u:" + query + "Query@127.0.0.1:1/v1"))
                .model("m")
                .retries(0)
                .build()
                .query("text"));
    show(
        () ->
            OpenAiEmbeddings.at(URI.create("http://127.0.0.1:1/v1"))
                .model("m")
                .apiKey(secret + "\nEmbeddingKey")
                .retries(0)
                .build()
                .query("text"));
  }

  private void database() {
    String password = secret + "Password";
    for (String url :
        List.of(
            "jdbc:postgresql://127.0.0.1:1/db?user=me&password=" + password,
            "jdbc:postgresql://me:" + password + "@127.0.0.1:1/db",
            "jdbc:postgresql://127.0.0.1:x/db?user=me&password=" + password,
            "jdbc:mysql://127.0.0.1:1/db?user=me&password=" + password,
            "jdbc:postgresql:%zz//127.0.0.1:1/db?password=" + password)) {
      show(() -> PostgresIndex.builder(url, "", "").embeddings("e", 2).open());
    }
    show(
        () ->
            PostgresIndex.builder("jdbc:postgresql://127.0.0.1:1/db", "me", password)
                .embeddings("e", 2)
                .open());
    String given = System.getenv("ADAPT4J_POSTGRES");
    if (given != null) {
      show(
          () -> {
            try (PostgresIndex index =
                PostgresIndex.builder(given + "&password=" + password, "", "")
                    .schema("secrets")
                    .embeddings("e", 2)
                    .open()) {
              return index.documentCount();
            }
          });
    }
  }

  private void server() throws Exception {
    String key = secret + "ServerKey";
    try (LanguageModel model = LanguageModel.load(ModelSource.path(Path.of(MODEL)));
        ModelServer server =
            ModelServer.builder()
                .model("stories", model)
                .apiKey(key)
                .logContents()
                .accessLog(entry -> out.println(entry))
                .start()) {
      HttpClient client = HttpClient.newHttpClient();
      for (String sent : List.of(key, key + "x")) {
        for (String path : List.of("/v1/models", "/v1/completions", "/metrics", "/", "/none")) {
          HttpRequest request =
              HttpRequest.newBuilder(server.address().resolve(path))
                  .header("Authorization", "Bearer " + sent)
                  .header("Content-Type", "application/json")
                  .POST(
                      HttpRequest.BodyPublishers.ofString(
                          "{\"model\": \"stories\", \"prompt\": \"a\", \"max_tokens\": 2}"))
                  .build();
          HttpResponse<String> response =
              client.send(request, HttpResponse.BodyHandlers.ofString());
          out.println(response.statusCode() + " " + response.headers().map() + response.body());
          said++;
        }
      }
      HttpRequest metrics =
          HttpRequest.newBuilder(server.address().resolve("/metrics"))
              .header("Authorization", "Bearer " + key)
              .build();
      out.println(client.send(metrics, HttpResponse.BodyHandlers.ofString()).body());
    }
  }

  private void show(Callable<?> part) {
    try {
      out.println(part.call());
    } catch (Exception e) {
      out.println(Throwables.getStackTraceAsString(e));
    }
    said++;
  }

  /** A server that says what it was sent, in the way that the address names. */
  private HttpServer echo() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    return server;
  }

  private void answer(HttpExchange exchange) throws IOException {
    String way = exchange.getRequestURI().getPath().split("/", -1)[1];
    String sent =
        String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"))
                .replace("Bearer ", "")
            + " "
            + exchange.getRequestHeaders().getFirst("x-key")
            + " "
            + exchange.getRequestURI();
    String body =
        way.equals("plain") ? sent : "{\"error\": {\"message\": \"" + sent + "\"}, \"x\": 1}";
    byte[] bytes = body.getBytes(UTF_8);
    int status =
        switch (way) {
          case "redirect", "loop" -> 302;
          case "plain" -> 200;
          default -> way.matches("\\d{3}") ? Integer.parseInt(way) : 403;
        };
    exchange.getResponseHeaders().add("X-Error-Message", sent);
    exchange
        .getResponseHeaders()
        .add(
            "Location",
            (way.equals("loop") ? "/loop/" : "/signed/")
                + "x?X-Amz-Signature="
                + query
                + "Signature");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }
}
