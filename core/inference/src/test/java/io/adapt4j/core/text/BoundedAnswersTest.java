package io.adapt4j.core.text;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.core.text.TestServer.completion;
import static io.adapt4j.core.text.TestServer.json;
import static io.adapt4j.core.text.TestServer.piece;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpExchange;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Servers that never stop. Each test would run for ever, or out of memory, without a bound. */
@Timeout(60)
class BoundedAnswersTest {

  private static final List<ChatMessage> TALK = List.of(ChatMessage.user("hello"));
  private static final GenerationOptions SHORT =
      GenerationOptions.builder().maxNewTokens(8).build();
  private static final String LIMIT = "OpenAiCompatible.Builder.maxAnswerBytes";

  @AutoClose private final TestServer server = new TestServer();
  private final AtomicLong sent = new AtomicLong();

  /** Writes a beginning, then a part again and again until the client is gone. */
  private TestServer.Reply endless(String type, String beginning, String part, long pauseMillis) {
    return (exchange, request) -> {
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.sendResponseHeaders(200, 0);
      OutputStream out = exchange.getResponseBody();
      out.write(beginning.getBytes(StandardCharsets.UTF_8));
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      while (true) {
        out.write(bytes);
        out.flush();
        sent.addAndGet(bytes.length);
        pause(pauseMillis);
      }
    };
  }

  private static void pause(long millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("stopped", e);
    }
  }

  private ThrowableAssertAlternative<GeneratorException> streamFails(
      OpenAiCompatible.Builder client) {
    return assertThatExceptionOfType(GeneratorException.class)
        .isThrownBy(() -> client.build().stream(TALK, SHORT, piece -> {}));
  }

  private ThrowableAssertAlternative<GeneratorException> askFails(OpenAiCompatible.Builder client) {
    return assertThatExceptionOfType(GeneratorException.class)
        .isThrownBy(() -> client.build().generate(TALK, SHORT));
  }

  @Test
  void anAnswerWithoutAnEndIsRefusedByTheLimitOnBytesAndNotAskedForAgain() {
    String much = "x".repeat(1 << 20);
    server.always(endless("application/json", "{\"choices\": [\"", much, 0));
    askFails(server.client())
        .withMessageContaining(server.address() + "/v1/chat/completions")
        .withMessageContaining("longer than 8,388,608 bytes")
        .withMessageContaining(LIMIT);
    assertThat(sent).hasValueLessThan(64L << 20);
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void anAnswerOfTwoGigabytesIsRefusedBeforeItIsRead() {
    server.always(
        (exchange, request) -> {
          exchange.sendResponseHeaders(200, 2L << 30);
          writeUntilGone(exchange);
        });
    askFails(server.client()).withMessageContaining("longer than").withMessageContaining(LIMIT);
    assertThat(sent).hasValueLessThan(64L << 20);
  }

  private void writeUntilGone(HttpExchange exchange) throws IOException {
    byte[] much = new byte[1 << 20];
    for (int i = 0; i < 2048; i++) {
      exchange.getResponseBody().write(much);
      sent.addAndGet(much.length);
    }
  }

  @Test
  void theTextOfAnErrorIsReadInPartOnly() {
    server.always(
        (exchange, request) -> {
          exchange.sendResponseHeaders(400, 0);
          writeUntilGone(exchange);
        });
    askFails(server.client()).withMessageContaining("the server answered 400");
    streamFails(server.client()).withMessageContaining("the server answered 400");
    assertThat(sent).hasValueLessThan(64L << 20);
  }

  @Test
  void aLineWithoutAnEndIsRefusedWhenStreaming() {
    server.always(endless("text/event-stream", "data: ", "x".repeat(1 << 20), 0));
    streamFails(server.client())
        .withMessageContaining("a line is longer than 1,048,576 bytes")
        .withMessageContaining(LIMIT);
    assertThat(sent).hasValueLessThan(64L << 20);
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void anEventOfEndlessLinesIsRefusedWhenStreaming() {
    server.always(endless("text/event-stream", "", "data: " + "x".repeat(1000) + "\n", 0));
    streamFails(server.client()).withMessageContaining("longer than 8,388,608 bytes");
  }

  @Test
  void aWholeAnswerToARequestToStreamIsBoundedToo() {
    server.always(endless("application/json", "{\"a\": \"", "x".repeat(1 << 20), 0));
    streamFails(server.client()).withMessageContaining("longer than 8,388,608 bytes");
  }

  @Test
  void tokensWithoutAnEndAreStoppedByTheLimitOnNewTokens() {
    server.always(endless("text/event-stream", "", piece("word "), 0));
    streamFails(server.client())
        .withMessageContaining("more than 128 events")
        .withMessageContaining("maxNewTokens 8")
        .withMessageContaining("limitName");
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void longPiecesAreStoppedByTheLimitOnNewTokens() {
    server.always(endless("text/event-stream", "", piece("word ".repeat(500)), 0));
    streamFails(server.client())
        .withMessageContaining("more than 4608 characters")
        .withMessageContaining("maxNewTokens 8");
  }

  @Test
  void commentsThatKeepTheConnectionAliveDoNotOutlastTheTimeout() {
    server.always(endless("text/event-stream", "", ": ping\n\n", 20));
    streamFails(server.client().timeout(Duration.ofMillis(400)).retries(0))
        .withMessageContaining("nothing of use arrived for 0.4 s");
  }

  @Test
  void commentsAfterTheFirstPieceDoNotOutlastTheTimeout() {
    server.always(endless("text/event-stream", piece("a"), ": ping\n\n", 20));
    streamFails(server.client().timeout(Duration.ofMillis(400)))
        .withMessageContaining("nothing of use arrived for 0.4 s after 1 characters");
  }

  @Test
  void slowTokensDoNotOutlastTheTimeOfAWholeStream() {
    server.always(endless("text/event-stream", "", piece("a"), 50));
    streamFails(server.client().streamTimeout(Duration.ofMillis(700)))
        .withMessageContaining("has not ended within 0.7 s")
        .withMessageContaining("OpenAiCompatible.Builder.streamTimeout");
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void anAnswerThatTricklesDoesNotOutlastTheTimeout() {
    server.always(endless("application/json", "{", " ", 20));
    askFails(server.client().timeout(Duration.ofMillis(400)).retries(0))
        .withMessageContaining("no answer within 0.4 s");
    streamFails(server.client().timeout(Duration.ofMillis(400)).retries(0))
        .withMessageContaining("nothing of use arrived for 0.4 s");
  }

  @Test
  void aConnectionThatStaysOpenAfterTheMarkOfTheEndIsNotWaitedFor() {
    server.always(
        endless("text/event-stream", piece("fine") + "data: [DONE]\n\n", ": ping\n\n", 100));
    assertThat(server.client().build().stream(TALK, SHORT, piece -> {}).text()).isEqualTo("fine");
  }

  @Test
  void theLimitOnBytesIsTheUsers() {
    String answer = completion("y".repeat(2000), "stop");
    server.always(json(200, answer));
    askFails(server.client().maxAnswerBytes(1000)).withMessageContaining("than 1,000 bytes");
    assertThat(server.client().maxAnswerBytes(3000).build().generate(TALK, SHORT).text())
        .hasSize(2000);
    refuses(
        IllegalArgumentException.class, () -> server.client().maxAnswerBytes(0), "maxAnswerBytes");
  }
}
