package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.feedback.ServedAnswer;
import io.adapt4j.serve.feedback.ServedFeedback;
import io.adapt4j.serve.version.VersionedModel;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each answer names its version, and a copy of a request is answered by another one. */
@Timeout(120)
class VersionsTest {

  private static final String CHAT = "/v1/chat/completions";
  private static final String ASK =
      "{'model':'support','max_tokens':4,'temperature':0"
          + ",'messages':[{'role':'user','content':'Once'}]";

  private final Versions versions = new Versions();
  private final List<ServedAnswer> recorded = new CopyOnWriteArrayList<>();
  private LanguageModel model;
  private TestServer server;

  /** Versions by key, all with the same weights. */
  private final class Versions implements VersionedModel {

    private final Map<String, String> byKey = new ConcurrentHashMap<>();
    private final AtomicInteger open = new AtomicInteger();
    private volatile String shadow = "";
    private volatile CountDownLatch holding = new CountDownLatch(0);

    @Override
    public Version version(String key) {
      return version(byKey.getOrDefault(key, "support@1"), model);
    }

    @Override
    public Optional<Version> shadow() {
      return shadow.isEmpty() ? Optional.empty() : Optional.of(version(shadow, model));
    }

    private Version version(String name, LanguageModel weights) {
      open.incrementAndGet();
      return new Version(
          weights,
          name,
          () -> {
            open.decrementAndGet();
            if (Thread.currentThread().getName().startsWith("adapt4j-shadow-")) {
              await(holding);
            }
          });
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @BeforeEach
  void start() {
    model = TestServer.model();
    AnswerRecorder recorder =
        new AnswerRecorder() {
          @Override
          public void answered(ServedAnswer answer) {
            recorded.add(answer);
          }

          @Override
          public boolean judged(ServedFeedback feedback) {
            return false;
          }
        };
    server = TestServer.start(to -> to.model("support", versions).recorder(recorder));
  }

  @AfterEach
  void end() {
    versions.holding.countDown();
    server.close();
    model.close();
  }

  private void awaitRelease() throws InterruptedException {
    long end = System.nanoTime() + 20_000_000_000L;
    while (versions.open.get() > 0 && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    assertThat(versions.open).hasValue(0);
  }

  private static String named(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.headers().firstValue("x-adapt4j-version").orElse("");
  }

  @Test
  void anAnswerNamesItsVersionInHeaderBodyRecordAndLog() throws Exception {
    HttpResponse<String> response = server.post(CHAT, ASK + "}");

    assertThat(named(response)).isEqualTo("support@1");
    JsonNode answer = Json.parse(response.body());
    assertThat(answer.path("system_fingerprint").asText()).isEqualTo("support@1");
    assertThat(answer.path("model").asText()).isEqualTo("support");
    assertThat(recorded)
        .singleElement()
        .extracting(ServedAnswer::version)
        .asString()
        .contains("support@1");
    AccessRecord logged = server.log(1).get(0);
    assertThat(logged.version()).contains("support@1");
    assertThat(logged.toString()).contains("model=support version=support@1 prompt=");
    awaitRelease();
  }

  @Test
  void aStreamNamesItInEveryChunk() throws Exception {
    HttpResponse<String> response = server.post(CHAT, ASK + ",'stream':true}");
    assertThat(named(response)).isEqualTo("support@1");
    assertThat(server.events(CHAT, ASK + ",'stream':true}"))
        .hasSizeGreaterThan(2)
        .allSatisfy(
            chunk -> assertThat(chunk.path("system_fingerprint").asText()).isEqualTo("support@1"));
    awaitRelease();
  }

  @Test
  void completionsAndResponsesNameItToo() throws Exception {
    HttpResponse<String> completion =
        server.post("/v1/completions", "{'model':'support','max_tokens':4,'prompt':'Once'}");
    assertThat(named(completion)).isEqualTo("support@1");
    assertThat(completion.body()).contains("\"system_fingerprint\":\"support@1\"");
    assertThat(
            named(
                server.post(
                    "/v1/responses", "{'model':'support','max_output_tokens':4,'input':'Once'}")))
        .isEqualTo("support@1");
    assertThat(recorded).hasSize(2).allSatisfy(one -> assertThat(one.version()).isPresent());
    awaitRelease();
  }

  @Test
  void aModelWithoutVersionsNamesNone() throws Exception {
    HttpResponse<String> response = server.post(CHAT, ASK.replace("support", "stories") + "}");
    assertThat(named(response)).isEmpty();
    assertThat(response.body()).doesNotContain("system_fingerprint");
  }

  @ParameterizedTest
  @CsvSource({
    "user, ann",
    "safety_identifier, ann",
    "prompt_cache_key, ann",
    "metadata, ",
  })
  void whoAsksKeepsTheVersion(String field, String key) throws Exception {
    versions.byKey.put("ann", "support@2");
    String value = key == null ? "{'user':'ann'}" : "'ann'";
    HttpResponse<String> response = server.post(CHAT, ASK + ",'" + field + "':" + value + "}");
    assertThat(named(response)).isEqualTo(key == null ? "support@1" : "support@2");
  }

  @Test
  void aHeaderOrTheAddressSaysWhoAsksOtherwise() throws Exception {
    versions.byKey.put("ann", "support@2");
    versions.byKey.put("127.0.0.1", "support@3");
    assertThat(
            named(
                server.send(
                    server.request(CHAT, ASK + "}").header("x-adapt4j-customer", "ann").build())))
        .isEqualTo("support@2");
    assertThat(named(server.post(CHAT, ASK + "}"))).isEqualTo("support@3");
  }

  @Test
  void aFailedRequestReleasesItsVersion() throws Exception {
    assertThat(server.post(CHAT, ASK + ",'temperature':7}").statusCode()).isEqualTo(400);
    assertThat(server.post(CHAT, ASK + ",'store':'x'}").statusCode()).isEqualTo(400);
    awaitRelease();
  }

  @Test
  void modelsTellTheVersion() throws Exception {
    JsonNode json = Json.parse(server.get("/v1/models/support").body());
    assertThat(json.path("version").asText()).isEqualTo("support@1");
    assertThat(json.path("endpoints").toString()).contains(CHAT);
    awaitRelease();
  }

  @Test
  void aCopyIsAnsweredAfterTheReplyAndRecordedAsShadow() throws Exception {
    versions.shadow = "support@2";
    JsonNode answer = server.answer(CHAT, ASK + "}");
    awaitRelease();
    assertThat(recorded).hasSize(2);
    ServedAnswer shadow = recorded.get(1);
    assertThat(shadow.id()).isEqualTo(answer.path("id").asText() + "-shadow");
    assertThat(shadow.shadowOf()).contains(answer.path("id").asText());
    assertThat(shadow.version()).contains("support@2");
    assertThat(shadow.text()).isEqualTo(answer.at("/choices/0/message/content").asText());
    assertThat(recorded.get(0).shadowOf()).isEmpty();
    assertThat(server.get("/metrics").body())
        .contains("adapt4j_shadow_answers_total{result=\"same\"} 1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/completions {'max_tokens':4,'prompt':'Once'",
        "/v1/completions {'max_tokens':4,'prompt':['Once','Twice'],'n':2",
        "/v1/completions {'max_tokens':4,'prompt':[5,6],'echo':true,'stream':true",
        "/v1/responses {'max_output_tokens':4,'input':'Once'",
        "/v1/responses {'max_output_tokens':4,'input':'Once','stream':true",
      })
  void completionsAndResponsesAreCopiedToo(String asked) throws Exception {
    versions.shadow = "support@2";
    String[] request = asked.split(" ", 2);
    // Sampled: a copy has the seed of its request.
    HttpResponse<String> response =
        server.post(request[0], request[1] + ",'temperature':1,'model':'support'}");
    assertThat(named(response)).isEqualTo("support@1");
    awaitRelease();
    ServedAnswer answer = recorded.get(0);
    ServedAnswer shadow = recorded.get(recorded.size() - 1);
    assertThat(shadow.id()).isEqualTo(answer.id() + "-shadow");
    assertThat(shadow.shadowOf()).contains(answer.id());
    assertThat(shadow.version()).contains("support@2");
    assertThat(shadow.messages()).isEqualTo(answer.messages());
    assertThat(shadow.text()).isEqualTo(answer.text()).isNotBlank();
    assertThat(server.get("/metrics").body())
        .contains("adapt4j_shadow_answers_total{result=\"same\"} 1");
  }

  @Test
  void theChallengersOwnAnswersAreNotCopied() throws Exception {
    versions.shadow = "support@1";
    server.answer(CHAT, ASK + "}");
    awaitRelease();
    assertThat(recorded).hasSize(1);
    assertThat(server.get("/metrics").body()).doesNotContain("shadow");
  }

  @Test
  void copiesThatFindTheQueueFullAreDroppedAndRepliesGoOn() throws Exception {
    versions.shadow = "support@2";
    versions.holding = new CountDownLatch(1);
    for (int i = 0; i < 1 + 16 + 2; i++) {
      server.answer(CHAT, ASK + "}");
    }
    String dropped = "adapt4j_shadow_answers_total{result=\"dropped\"} 2";
    long end = System.nanoTime() + 20_000_000_000L;
    while (!server.get("/metrics").body().contains(dropped) && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    assertThat(server.get("/metrics").body()).contains(dropped);
    versions.holding.countDown();
    awaitRelease();
  }
}
