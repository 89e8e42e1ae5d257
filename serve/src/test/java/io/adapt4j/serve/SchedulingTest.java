package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.Json;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** In which order requests over HTTP are answered, and which are told to come back. */
@Timeout(120)
class SchedulingTest {

  private static final String PATH = "/v1/completions";

  private final List<String> ended = Collections.synchronizedList(new ArrayList<>());
  private final List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
  private TestServer server;

  @BeforeEach
  void start() {
    server = TestServer.start();
    server.languageModel().limitRequests(1, 100, 1L << 30);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static String body(String more) {
    return "{'model':'stories','prompt':'Once upon','max_tokens':150,'temperature':0" + more + "}";
  }

  /** Asks while the model is held, and waits until the request does. */
  private void ask(String name, String more, String... headers) throws Exception {
    var request = server.request(PATH, body(more));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    asked.add(
        CompletableFuture.supplyAsync(
            () -> {
              try {
                HttpResponse<String> response = server.send(request.build());
                ended.add(name);
                return response;
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            },
            task -> new Thread(task).start()));
    String running = "adapt4j_answers_running " + asked.size() + "\n";
    while (!server.get("/metrics").body().contains(running)) {
      Thread.sleep(5);
    }
    // From a thread of the pool into the model's queue.
    Thread.sleep(50);
  }

  private void awaitAll(int status) throws Exception {
    for (CompletableFuture<HttpResponse<String>> response : asked) {
      assertThat(response.get().statusCode()).as(response.get().body()).isEqualTo(status);
    }
  }

  @Test
  void lowerPriorityNumbersAreAnsweredFirst() throws Exception {
    try (TestServer.Held held = server.hold()) {
      ask("last", ",'priority':7");
      ask("middle", "");
      ask("first", ",'priority':-1");
    }
    awaitAll(200);
    assertThat(ended).containsExactly("first", "middle", "last");
  }

  @Test
  void aUserWithManyRequestsLetsOthersTakeTurns() throws Exception {
    try (TestServer.Held held = server.hold()) {
      for (int i = 0; i < 5; i++) {
        ask("many", ",'user':'many'");
      }
      ask("few", ",'user':'few'");
      ask("header", "", "x-adapt4j-customer", "header");
    }
    awaitAll(200);
    assertThat(ended.subList(0, 3)).containsExactlyInAnyOrder("many", "few", "header");
  }

  @Test
  void aRequestThatHasNotStartedInTheTimeOfItsClientIsToldToComeBack() throws Exception {
    try (TestServer.Held held = server.hold()) {
      ask("late", "", "x-stainless-timeout", "0.2");
      Thread.sleep(300);
    }
    awaitAll(429);
    HttpResponse<String> late = asked.get(0).get();
    assertThat(late.headers().firstValue("Retry-After")).isPresent();
    assertThat(Json.parse(late.body()).at("/error/code").asText()).isEqualTo("rate_limit_exceeded");
  }

  @Test
  void aPriorityIsAWholeNumber() throws Exception {
    HttpResponse<String> response = server.post(PATH, body(",'priority':'high'"));
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(Json.parse(response.body()).at("/error/param").asText()).isEqualTo("priority");
  }
}
