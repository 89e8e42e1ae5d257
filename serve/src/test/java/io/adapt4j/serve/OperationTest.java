package io.adapt4j.serve;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.internal.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who may ask, how much, how long, and what an operator sees. */
@Timeout(120)
class OperationTest {

  private static final String CHAT = "/v1/chat/completions";

  @AutoClose("shutdownNow")
  private final ExecutorService threads = Executors.newCachedThreadPool();

  private static String ask(String more) {
    return "{'model':'stories','max_tokens':4,'messages':[{'role':'user','content':'Hi'}]"
        + more
        + "}";
  }

  private static String code(HttpResponse<String> response) throws IOException {
    return Json.parse(response.body()).at("/error/code").asText();
  }

  private static HttpRequest with(TestServer server, String header, String value) {
    return server.request(CHAT, ask("")).header(header, value).build();
  }

  @Test
  void aKeyIsNeededWhereThereAreSome() throws Exception {
    try (TestServer server = TestServer.start(s -> s.apiKey("first-key").apiKey("second"))) {
      HttpResponse<String> none = server.post(CHAT, ask(""));
      assertThat(none.statusCode()).isEqualTo(401);
      assertThat(code(none)).isEqualTo("invalid_api_key");
      assertThat(none.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
      for (String wrong : List.of("Bearer first", "Bearer ", "first-key", "Basic first-key")) {
        assertThat(server.send(with(server, "Authorization", wrong)).statusCode())
            .as(wrong)
            .isEqualTo(401);
      }
      for (String right : List.of("Bearer first-key", "bearer second")) {
        assertThat(server.send(with(server, "Authorization", right)).statusCode()).isEqualTo(200);
      }
      assertThat(server.get("/v1/models").statusCode()).isEqualTo(401);
      assertThat(server.get("/metrics").statusCode()).isEqualTo(401);
      assertThat(server.get("/nothing").statusCode()).isEqualTo(401);
      assertThat(server.get("/health").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void otherMachinesAreLetInByKeyOnlyUnlessAnyoneIs() throws Exception {
    InetAddress all = InetAddress.getByName("0.0.0.0");
    try (LanguageModel model = TestServer.model()) {
      ModelServer.Builder open = ModelServer.builder().model("m", model).address(all);
      refuses(IllegalArgumentException.class, open::start, "allowAnyone");
      open.allowAnyone().start().close();
      ModelServer.builder().model("m", model).address(all).apiKey("k").start().close();
    }
  }

  @Test
  void aPageWhoseNameLeadsHereIsNotAnswered() throws Exception {
    try (TestServer server = TestServer.start()) {
      assertThat(raw(server, "GET /v1/models HTTP/1.1\r\nHost: evil.example\r\n"))
          .startsWith("HTTP/1.1 403");
      assertThat(raw(server, "GET /v1/models HTTP/1.1\r\nHost: localhost:80\r\n"))
          .startsWith("HTTP/1.1 200");
    }
  }

  private static String raw(TestServer server, String head) throws IOException {
    try (Socket socket = connect(server)) {
      socket
          .getOutputStream()
          .write((head + "Connection: close\r\n\r\n").getBytes(StandardCharsets.UTF_8));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static Socket connect(TestServer server) throws IOException {
    return new Socket(server.server().address().getHost(), server.server().port());
  }

  @Test
  void pagesOfOtherSitesMayAskOnlyWhereAllowed() throws Exception {
    String allow = "Access-Control-Allow-Origin";
    try (TestServer server = TestServer.start()) {
      HttpResponse<String> answer = server.send(with(server, "Origin", "https://a.example"));
      assertThat(answer.headers().firstValue(allow)).isEmpty();
      assertThat(server.send(preflight(server, "https://a.example")).statusCode()).isEqualTo(405);
    }
    try (TestServer server =
        TestServer.start(s -> s.apiKey("k").allowOrigin("https://a.example"))) {
      HttpResponse<String> asked = server.send(preflight(server, "https://a.example"));
      assertThat(asked.statusCode()).isEqualTo(204);
      assertThat(asked.headers().firstValue(allow)).hasValue("https://a.example");
      assertThat(asked.headers().firstValue("Access-Control-Allow-Headers"))
          .hasValue("authorization");
      assertThat(server.send(preflight(server, "https://b.example")).headers().firstValue(allow))
          .isEmpty();
      assertThat(
              server.send(with(server, "Origin", "https://a.example")).headers().firstValue(allow))
          .hasValue("https://a.example");
    }
  }

  private static HttpRequest preflight(TestServer server, String origin) {
    return HttpRequest.newBuilder(server.uri(CHAT))
        .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization")
        .build();
  }

  @Test
  void moreRequestsThanTheServerOrTheModelTakesAreToldToComeBack() throws Exception {
    try (TestServer server =
        TestServer.start(s -> s.limits(ServerLimits.defaults().withAnswers(3)))) {
      server.languageModel().limitRequests(32, 2, 1L << 30);
      List<Future<HttpResponse<String>>> waiting = new ArrayList<>();
      try (TestServer.Held held = server.hold()) {
        for (int i = 0; i < 2; i++) {
          waiting.add(threads.submit(() -> server.post(CHAT, ask(""))));
        }
        awaitAnswersRunning(server, 2);
        // The model has a place for neither of two, the server for one.
        assertBusy(server.post(CHAT, ask(",'n':2")));
        assertBusy(server.post(CHAT, ask("")));
      }
      for (Future<HttpResponse<String>> response : waiting) {
        assertThat(response.get().statusCode()).isEqualTo(200);
      }
      assertThat(server.post(CHAT, ask("")).statusCode()).isEqualTo(200);
    }
  }

  private static void assertBusy(HttpResponse<String> response) throws IOException {
    assertThat(response.statusCode()).isEqualTo(429);
    assertThat(code(response)).isEqualTo("rate_limit_exceeded");
    assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
  }

  /** Waits until that many answers are computed or wait, and a moment for them to be queued. */
  private static void awaitAnswersRunning(TestServer server, int count) throws Exception {
    while (!server.get("/metrics").body().contains("adapt4j_answers_running " + count + "\n")) {
      Thread.sleep(5);
    }
    Thread.sleep(100);
  }

  @Test
  void anAnswerEndsWithWhatThereIsWhenItsTimeIsUp() throws Exception {
    try (TestServer server =
        TestServer.start(
            s -> s.limits(ServerLimits.defaults().withRequestTime(Duration.ofMillis(300))))) {
      Future<JsonNode> answer;
      try (TestServer.Held held = server.hold()) {
        answer = threads.submit(() -> server.answer(CHAT, ask("")));
        Thread.sleep(1_500);
      }
      assertThat(answer.get().at("/choices/0/finish_reason").asText()).isEqualTo("length");
      assertThat(answer.get().at("/usage/completion_tokens").asInt()).isZero();
    }
  }

  /** White space goes before an answer that takes long, so that the server sees who is there. */
  @Test
  void anAnswerThatTakesLongIsStillOneObject() throws Exception {
    try (TestServer server = TestServer.start()) {
      String soon = server.answer(CHAT, ask(",'seed':1")).at("/choices").toString();
      Future<HttpResponse<String>> late;
      try (TestServer.Held held = server.hold()) {
        late = threads.submit(() -> server.post(CHAT, ask(",'seed':1")));
        Thread.sleep(2_300);
      }
      assertThat(late.get().body()).matches("(?s)  +\\{.*");
      assertThat(Json.parse(late.get().body()).at("/choices")).hasToString(soon);
    }
  }

  @Test
  void aClientThatLeavesWhileItWaitsFreesItsPlace() throws Exception {
    for (boolean streams : new boolean[] {false, true}) {
      try (TestServer server = TestServer.start()) {
        try (TestServer.Held held = server.hold()) {
          Socket socket = connect(server);
          socket.getOutputStream().write(raw(ask(",'stream':" + streams)));
          awaitAnswersRunning(server, 1);
          socket.close();
          while (server.log(1).stream().noneMatch(entry -> entry.path().equals(CHAT))) {
            Thread.sleep(20);
          }
        }
        AccessRecord left =
            server.log(1).stream().filter(entry -> entry.path().equals(CHAT)).findFirst().get();
        assertThat(left.status()).isEqualTo(499);
        awaitAnswersRunning(server, 0);
      }
    }
  }

  @Test
  void aClientThatLeavesAStreamEndsItsAnswer() throws Exception {
    try (TestServer server = TestServer.start()) {
      String long500 = ask(",'stream':true").replace("':4", "':400");
      TestServer.Held held;
      try (Socket socket = connect(server)) {
        socket.getOutputStream().write(raw(long500));
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        String line = in.readLine();
        while (line != null && !line.startsWith("data:")) {
          line = in.readLine();
        }
        assertThat(line).startsWith("data: {");
        held = server.hold();
      }
      try (TestServer.Held until = held) {
        assertThat(server.log(1).get(0).status()).isEqualTo(499);
      }
      awaitAnswersRunning(server, 0);
    }
  }

  private static byte[] raw(String json) {
    byte[] body = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    String head =
        "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            .formatted(CHAT, body.length);
    return (head + new String(body, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void connectionsBeyondTheLimitAreClosed() throws Exception {
    try (TestServer server =
        TestServer.start(s -> s.limits(ServerLimits.defaults().withConnections(2)))) {
      List<Future<HttpResponse<String>>> two = new ArrayList<>();
      try (TestServer.Held held = server.hold()) {
        for (int i = 0; i < 2; i++) {
          two.add(threads.submit(() -> server.post(CHAT, ask(""))));
        }
        Thread.sleep(700);
        assertThatThrownBy(() -> server.get("/health")).isInstanceOf(IOException.class);
      }
      for (Future<HttpResponse<String>> response : two) {
        assertThat(response.get().statusCode()).isEqualTo(200);
      }
      assertThat(server.get("/health").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void closingFinishesWhatRunsAndRefusesWhatComes() throws Exception {
    TestServer server = TestServer.start();
    Future<JsonNode> running;
    CompletableFuture<Void> closed;
    try (TestServer.Held held = server.hold()) {
      running = threads.submit(() -> server.answer(CHAT, ask("")));
      awaitAnswersRunning(server, 1);
      closed = CompletableFuture.runAsync(server.server()::close, threads);
      HttpResponse<String> refused = server.get("/health");
      while (refused.statusCode() == 200) {
        refused = server.get("/health");
      }
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(code(refused)).isEqualTo("shutting_down");
      assertThat(refused.headers().firstValue("Retry-After")).isPresent();
      assertThat(server.post(CHAT, ask("")).statusCode()).isEqualTo(503);
      assertThat(closed).isNotDone();
    }
    closed.get();
    assertThat(running.get().at("/usage/completion_tokens").asInt()).isEqualTo(4);
    assertThatThrownBy(() -> server.get("/health")).isInstanceOf(IOException.class);
    server.close();
    assertThat(serverThreads()).isEmpty();
  }

  @Test
  void closingEndsWhatIsNotDoneWithinTheGrace() throws Exception {
    TestServer server =
        TestServer.start(
            s -> s.limits(ServerLimits.defaults().withCloseGrace(Duration.ofMillis(100))));
    Future<HttpResponse<String>> running;
    try (TestServer.Held held = server.hold()) {
      running = threads.submit(() -> server.post(CHAT, ask("")));
      awaitAnswersRunning(server, 1);
      CompletableFuture<Void> closed = CompletableFuture.runAsync(server.server()::close, threads);
      Thread.sleep(300);
      assertThat(closed).isNotDone();
      held.close();
      closed.get();
    }
    assertThat(outcome(running)).isIn("503", "broken off");
    server.close();
  }

  private static String outcome(Future<HttpResponse<String>> response) throws InterruptedException {
    try {
      return String.valueOf(response.get().statusCode());
    } catch (ExecutionException e) {
      assertThat(e).hasCauseInstanceOf(IOException.class);
      return "broken off";
    }
  }

  private static List<String> serverThreads() throws InterruptedException {
    List<String> names = List.of();
    for (int i = 0; i < 100; i++) {
      names =
          Thread.getAllStackTraces().keySet().stream()
              .map(Thread::getName)
              .filter(name -> name.startsWith("adapt4j-serve") || name.startsWith("adapt4j-answer"))
              .toList();
      if (names.isEmpty()) {
        return names;
      }
      Thread.sleep(20);
    }
    return names;
  }

  @Test
  void aModelThatWasClosedIsNotThere() throws Exception {
    try (TestServer server = TestServer.start()) {
      server.languageModel().close();
      assertThat(server.post(CHAT, ask("")).statusCode()).isEqualTo(503);
    }
  }

  @Test
  void requestsAreCounted() throws Exception {
    try (TestServer server = TestServer.start()) {
      server.events(CHAT, ask(",'stream':true"));
      server.post(CHAT, "{}");
      server.get("/x" + System.nanoTime());
      server.log(3);
      HttpResponse<String> metrics = server.get("/metrics");
      assertThat(metrics.headers().firstValue("Content-Type").orElseThrow())
          .startsWith("text/plain; version=0.0.4");
      assertThat(metrics.body())
          .contains("adapt4j_requests_total{path=\"" + CHAT + "\",status=\"200\"} 1\n")
          .contains("adapt4j_requests_total{path=\"" + CHAT + "\",status=\"400\"} 1\n")
          .contains("adapt4j_requests_total{path=\"other\",status=\"404\"} 1\n")
          .contains("adapt4j_generated_tokens_total{model=\"stories\"} 4\n")
          .contains("adapt4j_requests_running 1\n")
          .contains("adapt4j_answers_running 0\n")
          .contains("adapt4j_request_duration_seconds_count 3\n")
          .contains("adapt4j_time_to_first_text_seconds_count 1\n");
      assertThat(metrics.body().lines())
          .allMatch(line -> line.matches("# (HELP|TYPE) \\w+ .+|\\w+(\\{[^{}]+})? [0-9.E-]+"));
    }
  }

  @Test
  void theLogHasContentsOnlyWhereAsked() throws Exception {
    try (TestServer server = TestServer.start()) {
      server.answer(CHAT, ask(",'user':'secret'"));
      AccessRecord entry = server.log(1).get(0);
      assertThat(entry.status()).isEqualTo(200);
      assertThat(entry.model()).hasValue("stories");
      assertThat(entry.newTokens()).isEqualTo(4);
      assertThat(Stream.concat(entry.request().stream(), entry.answer().stream())).isEmpty();
      assertThat(entry.toString()).contains("POST " + CHAT + " 200").doesNotContain("secret");
    }
    try (TestServer server = TestServer.start(ModelServer.Builder::logContents)) {
      JsonNode answer = server.answer(CHAT, ask(""));
      AccessRecord entry = server.log(1).get(0);
      assertThat(entry.request().orElseThrow()).contains("\"content\":\"Hi\"");
      assertThat(entry.answer()).hasValue(answer.at("/choices/0/message/content").asText());
    }
  }

  @Test
  void aPortThatIsTakenIsNamed() {
    try (TestServer server = TestServer.start()) {
      ModelServer.Builder second =
          ModelServer.builder().model("m", server.languageModel()).port(server.server().port());
      refuses(UncheckedIOException.class, second::start, "port " + server.server().port());
    }
  }

  @Test
  void namesAreGivenOnce() {
    try (LanguageModel model = TestServer.model()) {
      ModelServer.Builder builder = ModelServer.builder().model("m", model);
      assertThatIllegalArgumentException().isThrownBy(() -> builder.model("m", model));
      assertThatIllegalArgumentException().isThrownBy(() -> ModelServer.builder().start());
      assertThatIllegalArgumentException().isThrownBy(() -> builder.apiKey(" "));
      assertThatIllegalArgumentException().isThrownBy(() -> builder.port(70_000));
    }
  }
}
