package io.adapt4j.core.text;

import static io.adapt4j.core.text.TestServer.completion;
import static io.adapt4j.core.text.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class OpenAiCompatibleTest {

  private static final String KEY = "sk-secret-4711";
  private static final GenerationOptions GREEDY =
      GenerationOptions.greedy().toBuilder().maxNewTokens(9).build();

  @AutoClose private final TestServer server = new TestServer();

  @Test
  void anAnswerHasItsTextItsEndingAndItsTokens() {
    GeneratedText answer = server.client().build().generate("hello", GREEDY);
    assertThat(answer)
        .isEqualTo(
            new GeneratedText("fine", FinishReason.STOP, Optional.of(new TokenUsage(5, 2)), false));
  }

  @Test
  void theRequestHoldsModelMessagesAndOptionsByOpenAisNames() throws IOException {
    OpenAiCompatible client = server.client().apiKey(KEY).body("user", "me").build();
    GenerationOptions options =
        GenerationOptions.builder()
            .maxNewTokens(7)
            .temperature(0.5)
            .topP(0.9)
            .topK(40)
            .frequencyPenalty(0.5)
            .presencePenalty(0.25)
            .logitBias(Map.of(7, -100.0))
            .seed(3)
            .stopStrings("###")
            .build();
    client.generate(
        List.of(ChatMessage.system("Be brief."), ChatMessage.user("Grüß Gott 🐦")), options);
    TestServer.Request request = server.requests.get(0);
    assertThat(request.path()).isEqualTo("/v1/chat/completions");
    assertThat(request.headers().get("Authorization")).containsExactly("Bearer " + KEY);
    JsonNode expected =
        Json.parse(
            """
            {"model": "small", "messages": [{"role": "system", "content": "Be brief."},
              {"role": "user", "content": "Grüß Gott 🐦"}], "max_tokens": 7, "temperature": 0.5,
             "seed": 3, "top_p": 0.9, "stop": ["###"], "top_k": 40, "user": "me",
             "frequency_penalty": 0.5, "presence_penalty": 0.25, "logit_bias": {"7": -100.0}}
            """);
    assertThat(Json.parse(request.body())).isEqualTo(expected);
  }

  @Test
  void optionsAtTheirDefaultsThatNotEveryServerKnowsAreNotSent() throws IOException {
    server
        .client()
        .body("seed", null)
        .limitName("max_completion_tokens")
        .build()
        .generate("hello", GREEDY);
    List<String> fields = new ArrayList<>();
    Json.parse(server.requests.get(0).body()).fieldNames().forEachRemaining(fields::add);
    assertThat(fields)
        .containsExactlyInAnyOrder("model", "messages", "max_completion_tokens", "temperature");
  }

  @Test
  void unicodeComesThroughUnchanged() {
    server.reply(json(200, completion("Ωmega 東京 \\ud83d\\ude00 \\u00e9", "length")));
    GeneratedText answer = server.client().build().generate("hello", GREEDY);
    assertThat(answer.text()).isEqualTo("Ωmega 東京 😀 é");
    assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void anAddressMayBeThatOfTheServerTheVersionOrTheEndpoint() {
    for (String path : List.of("", "/", "/v1", "/v1/", "/v1/chat/completions")) {
      OpenAiCompatible.at(URI.create(server.address() + path))
          .model("m")
          .build()
          .generate("hello", GREEDY);
    }
    OpenAiCompatible.at(URI.create(server.address() + "/api?version=2"))
        .model("m")
        .build()
        .generate("hello", GREEDY);
    assertThat(server.requests.subList(0, 5))
        .allSatisfy(one -> assertThat(one.path()).isEqualTo("/v1/chat/completions"));
    assertThat(server.requests.get(5).path()).isEqualTo("/api/chat/completions?version=2");
  }

  @Test
  void aBusyServerIsAskedAgainWhenItSays() {
    server.reply(
        json(429, "{\"error\": {\"message\": \"slow down\"}}", "Retry-After", "7"),
        json(503, ""),
        json(200, completion("at last", "stop")));
    assertThat(server.client().build().generate("hello", GREEDY).text()).isEqualTo("at last");
    assertThat(server.waits).containsExactly(Duration.ofSeconds(7), Duration.ofSeconds(2));
  }

  @Test
  void aServerThatStaysBrokenIsGivenUpWithItsOwnWords() {
    server.always(json(500, "{\"error\": \"out of memory\"}"));
    assertThatThrownBy(() -> server.client().retries(2).build().generate("hello", GREEDY))
        .isInstanceOf(GeneratorException.class)
        .isNotInstanceOf(RequestRefusedException.class)
        .hasMessageContaining("500: out of memory")
        .hasMessageContaining("gave up after 3 attempts");
    assertThat(server.requests).hasSize(3);
    assertThat(server.waits).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2));
  }

  @Test
  void anAccountWithoutQuotaIsNotAskedAgain() {
    server.always(
        json(429, "{\"error\": {\"message\": \"pay\", \"code\": \"insufficient_quota\"}}"));
    assertThatThrownBy(() -> server.client().build().generate("hello", GREEDY))
        .isInstanceOf(GeneratorException.class)
        .hasMessageContaining("no quota left");
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void aWrongKeyIsToldWithoutTheKey() {
    server.always(json(401, "{\"error\": {\"message\": \"Incorrect API key: " + KEY + "\"}}"));
    assertThatThrownBy(() -> server.client().apiKey(KEY).build().generate("hello", GREEDY))
        .isInstanceOf(GeneratorException.class)
        .hasMessageContaining("the key is not accepted")
        .hasMessageContaining("Incorrect API key: (hidden)")
        .hasMessageNotContaining(KEY);
    assertThatThrownBy(() -> server.client().build().generate("hello", GREEDY))
        .hasMessageContaining("Set one with apiKey");
    assertThat(server.client().apiKey(KEY).build().toString()).doesNotContain(KEY);
    assertThat(server.client().apiKey(KEY).build().identity().orElseThrow()).doesNotContain(KEY);
  }

  @Test
  void anUnknownModelIsToldWithWhereToFindTheKnownOnes() {
    server.always(json(404, "{\"object\": \"error\", \"message\": \"The model does not exist\"}"));
    assertThatThrownBy(() -> server.client().build().generate("hello", GREEDY))
        .isInstanceOf(GeneratorException.class)
        .hasMessageContaining("404: The model does not exist")
        .hasMessageContaining("GET " + server.address() + "/v1/models");
  }

  @Test
  void aRefusedRequestSaysThatItConcernsThatRequest() {
    server.always(json(400, "{\"detail\": [{\"msg\": \"too many tokens\"}]}"));
    assertThatThrownBy(() -> server.client().build().generate("hello", GREEDY))
        .isInstanceOf(RequestRefusedException.class)
        .hasMessageContaining("too many tokens");
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void aRedirectIsNotFollowedSinceTheKeyWouldGoWithIt() {
    server.always(json(301, "", "Location", "https://elsewhere.example/v1?key=1"));
    assertThatThrownBy(() -> server.client().build().generate("hello", GREEDY))
        .hasMessageContaining("https://elsewhere.example/v1.")
        .hasMessageNotContaining("key=1");
  }

  @Test
  void whatIsNoCompletionIsQuoted() {
    server.reply(
        json(200, "<html>Welcome</html>"),
        json(200, "{\"choices\": []}"),
        json(200, "{\"error\": {\"message\": \"model crashed\"}}"));
    OpenAiCompatible client = server.client().build();
    assertThatThrownBy(() -> client.generate("hello", GREEDY))
        .isInstanceOf(GeneratorException.class)
        .hasMessageContaining("<html>Welcome</html>")
        .hasMessageContaining("Check that the address");
    assertThatThrownBy(() -> client.generate("hello", GREEDY)).hasMessageContaining("choices");
    assertThatThrownBy(() -> client.generate("hello", GREEDY))
        .hasMessageContaining("model crashed");
  }

  @Test
  void aSlowServerIsNotWaitedForBeyondTheTimeout() throws InterruptedException {
    CountDownLatch released = new CountDownLatch(1);
    server.always(
        (exchange, body) -> {
          // The head comes at once and the rest never.
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write('{');
          exchange.getResponseBody().flush();
          await(released);
        });
    OpenAiCompatible client = server.client().timeout(Duration.ofMillis(200)).retries(1).build();
    assertThatThrownBy(() -> client.generate("hello", GREEDY))
        .isInstanceOf(GeneratorException.class)
        .hasMessageContaining("no answer within 0.2 s")
        .hasMessageContaining("raise timeout");
    assertThat(server.requests).hasSize(2);
    released.countDown();
  }

  @Test
  void aServerThatIsNotThereIsToldAtOnce() {
    URI gone = server.address();
    server.close();
    OpenAiCompatible client =
        OpenAiCompatible.at(gone).model("small").sleeper(server.waits::add).build();
    assertThatThrownBy(() -> client.generate("hello", GREEDY))
        .isInstanceOf(GeneratorException.class)
        .hasMessageContaining("cannot reach " + gone)
        .hasMessageContaining("Start the server");
    assertThat(server.waits).isEmpty();
  }

  @Test
  void noMoreRequestsRunAtATimeThanAllowed() {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch three = new CountDownLatch(3);
    server.always(
        (exchange, body) -> {
          most.accumulateAndGet(running.incrementAndGet(), Math::max);
          three.countDown();
          await(three);
          running.decrementAndGet();
          json(200, completion("n" + number(body), "stop")).send(exchange, body);
        });
    List<Integer> arrived = new ArrayList<>();
    List<GeneratedText> answers =
        server
            .client()
            .parallel(3)
            .build()
            .generateAll(numbered(12), GREEDY, (index, answer) -> arrived.add(index));
    assertThat(answers).extracting(GeneratedText::text).startsWith("n0", "n1").endsWith("n11");
    assertThat(arrived).hasSize(12).doesNotHaveDuplicates();
    assertThat(most.get()).isEqualTo(3);
  }

  @Test
  void oneRefusedRequestDoesNotKeepOthersFromBeingAnswered() {
    server.always(
        (exchange, body) ->
            json(number(body) == 1 ? 400 : 200, completion("n" + number(body), "stop"))
                .send(exchange, body));
    List<Integer> arrived = new ArrayList<>();
    assertThatThrownBy(
            () ->
                server
                    .client()
                    .parallel(2)
                    .build()
                    .generateAll(numbered(5), GREEDY, (index, answer) -> arrived.add(index)))
        .isInstanceOf(RequestRefusedException.class);
    assertThat(arrived).containsExactlyInAnyOrder(0, 2, 3, 4);
  }

  @Test
  void aFailureEndsTheRestOfABatch() {
    server.always(json(401, ""));
    assertThatThrownBy(() -> server.client().parallel(1).build().generateAll(numbered(50), GREEDY))
        .isInstanceOf(GeneratorException.class);
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void requestsKeepTheirDistanceWhereTheyAreLimited() {
    OpenAiCompatible client = server.client().requestsPerMinute(6).build();
    for (int i = 0; i < 3; i++) {
      client.generate("hello", GREEDY);
    }
    // The test does not really wait, so each turn is 10 s after the one before.
    assertThat(server.waits).hasSize(2);
    assertThat(server.waits.get(1)).isGreaterThan(Duration.ofSeconds(10));
  }

  @Test
  void settingsAreCheckedAtOnce() {
    assertThatThrownBy(() -> OpenAiCompatible.at(URI.create("ftp://host")))
        .hasMessageContaining("found a 'ftp://host'");
    assertThatThrownBy(() -> OpenAiCompatible.at(URI.create("http://me:pass@host")))
        .hasMessageContaining("without user and password")
        .hasMessageNotContaining("pass@");
    assertThatThrownBy(() -> OpenAiCompatible.at(server.address()).build())
        .hasMessageContaining("model must be named");
    assertThatThrownBy(() -> server.client().apiKey("line\nbreak"))
        .hasMessageNotContaining("break")
        .hasMessageContaining("apiKey");
    assertThatThrownBy(() -> server.client().header("api-key", "line\nbreak"))
        .hasMessageContaining("api-key")
        .hasMessageNotContaining("break");
    assertThatThrownBy(() -> server.client().parallel(0)).hasMessageContaining("found 0");
    assertThatThrownBy(() -> server.client().apiKeyFrom("ADAPT4J_NO_SUCH_VARIABLE"))
        .hasMessageContaining("ADAPT4J_NO_SUCH_VARIABLE");
    assertThatThrownBy(
            () ->
                server
                    .client()
                    .build()
                    .generate("hello", GREEDY.toBuilder().stopIds(List.of(2)).build()))
        .hasMessageContaining("stopStrings");
  }

  private static List<List<ChatMessage>> numbered(int count) {
    List<List<ChatMessage>> conversations = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      conversations.add(List.of(ChatMessage.user("number " + i)));
    }
    return conversations;
  }

  private static int number(String body) {
    return Integer.parseInt(body.replaceAll("(?s).*number (\\d+).*", "$1"));
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(20, TimeUnit.SECONDS)) {
        throw new IllegalStateException("waited in vain");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
