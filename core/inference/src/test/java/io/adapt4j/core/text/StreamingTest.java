package io.adapt4j.core.text;

import static io.adapt4j.core.text.TestServer.completion;
import static io.adapt4j.core.text.TestServer.events;
import static io.adapt4j.core.text.TestServer.json;
import static io.adapt4j.core.text.TestServer.piece;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class StreamingTest {

  private static final List<ChatMessage> TALK = List.of(ChatMessage.user("hello"));
  private static final GenerationOptions OPTIONS = GenerationOptions.defaults();
  private static final String END =
      "data: {\"choices\": [{\"index\": 0, \"delta\": {}, \"finish_reason\": \"stop\"}]}\n\n";

  @AutoClose private final TestServer server = new TestServer();
  private final List<String> pieces = new ArrayList<>();

  @Test
  void piecesAreHandedOnAsTheyCome() {
    server.reply(
        events(
            ": a comment\n\n"
                + "data: {\"choices\": [{\"delta\": {\"role\": \"assistant\", \"content\":"
                + " \"\"}}]}\n\n"
                + piece("Gr\\u00fc")
                + piece("ß 🐦")
                + END
                + "data: {\"choices\": [], \"usage\": {\"prompt_tokens\": 4,"
                + " \"completion_tokens\": 3}}\n\n"
                + "data: [DONE]\n\n"));
    GeneratedText answer = server.client().build().stream(TALK, OPTIONS, pieces::add);
    assertThat(pieces).containsExactly("Grü", "ß 🐦");
    assertThat(answer)
        .isEqualTo(
            new GeneratedText(
                "Grüß 🐦", FinishReason.STOP, Optional.of(new TokenUsage(4, 3)), false));
    assertThat(server.requests.get(0).body()).contains("\"stream\":true");
  }

  @Test
  void carriageReturnsNoSpaceAndNoMarkOfTheEndAreAccepted() {
    server.reply(
        events((piece("a") + piece("b") + END).replace("data: ", "data:").replace("\n", "\r\n")));
    assertThat(server.client().build().stream(TALK, OPTIONS, pieces::add).text()).isEqualTo("ab");
  }

  @Test
  void anAnswerThatIsCutOffInTheMiddleIsAnErrorAndNotAskedForAgain() {
    server.always(events(piece("half a")));
    assertThatThrownBy(() -> server.client().build().stream(TALK, OPTIONS, pieces::add))
        .isInstanceOf(GeneratorException.class)
        .hasMessageContaining("cut off after 6 characters");
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void anEventThatIsCutOffInTheMiddleIsAnError() {
    server.always(events(piece("half a") + piece(" sentence").substring(0, 30)));
    assertThatThrownBy(() -> server.client().build().stream(TALK, OPTIONS, pieces::add))
        .isInstanceOf(GeneratorException.class)
        .hasMessageContaining("after 6 characters");
  }

  @Test
  void anAnswerThatEndsBeforeItsFirstPieceIsAskedForAgain() {
    server.reply(events(""), json(503, ""), events(piece("now") + "data: [DONE]\n\n"));
    GeneratedText answer = server.client().build().stream(TALK, OPTIONS, pieces::add);
    assertThat(answer.text()).isEqualTo("now");
    assertThat(pieces).containsExactly("now");
    assertThat(server.waits).hasSize(2);
  }

  @Test
  void anErrorAmongTheEventsIsTold() {
    server.reply(events(piece("a") + "data: {\"error\": {\"message\": \"out of memory\"}}\n\n"));
    assertThatThrownBy(() -> server.client().build().stream(TALK, OPTIONS, pieces::add))
        .isInstanceOf(GeneratorException.class)
        .hasMessageContaining("out of memory");
  }

  @Test
  void aStreamThatStallsIsNotWaitedForBeyondTheTimeout() {
    CountDownLatch released = new CountDownLatch(1);
    server.always(
        (exchange, body) -> {
          exchange.sendResponseHeaders(200, 0);
          exchange
              .getResponseBody()
              .write(piece("slow").getBytes(java.nio.charset.StandardCharsets.UTF_8));
          exchange.getResponseBody().flush();
          try {
            released.await(20, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    OpenAiCompatible client = server.client().timeout(Duration.ofMillis(300)).build();
    assertThatThrownBy(() -> client.stream(TALK, OPTIONS, pieces::add))
        .isInstanceOf(GeneratorException.class)
        .hasMessageContaining("nothing arrived for 0.3 s after 4 characters");
    released.countDown();
  }

  @Test
  void aServerThatDoesNotStreamIsUnderstood() {
    server.reply(json(200, completion("whole", "stop")));
    assertThat(server.client().build().stream(TALK, OPTIONS, pieces::add).text())
        .isEqualTo("whole");
    assertThat(pieces).containsExactly("whole");
  }

  @Test
  void aGeneratorThatDoesNotStreamHandsOnTheWhole() {
    TextGenerator shout =
        TextGenerator.of("shout", text -> text.toUpperCase(java.util.Locale.ROOT));
    assertThat(shout.stream(TALK, OPTIONS, pieces::add).text()).isEqualTo("HELLO");
    assertThat(pieces).containsExactly("HELLO");
  }
}
