package io.adapt4j.rag.embed;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.text.GeneratorException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client against a real HTTP server whose answers are given. */
class OpenAiEmbeddingsTest {

  private record Reply(int status, String body) {}

  private final Deque<Reply> replies = new ArrayDeque<>();
  private final List<String> requests = new ArrayList<>();
  private final List<Duration> waits = new ArrayList<>();
  private final List<String> keys = new ArrayList<>();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/embeddings", this::serve);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      requests.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
      keys.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
      Reply reply = replies.poll();
      byte[] bytes = reply.body().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(reply.status(), bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private OpenAiEmbeddings.Builder client() {
    return OpenAiEmbeddings.at(URI.create("http://127.0.0.1:" + server.getAddress().getPort()))
        .model("small")
        .sleeper(waits::add);
  }

  @Test
  void textsGoInBatchesAndVectorsComeBackInOrderWithLengthOne() {
    replies.add(
        new Reply(
            200,
            """
            {"data": [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3, 4]}]}
            """));
    replies.add(new Reply(200, "{\"data\": [{\"embedding\": [1, 0]}]}"));
    List<float[]> vectors = client().batch(2).build().passages(List.of("one", "two", "three"));
    assertThat(vectors.get(0)).containsExactly(new float[] {0.6f, 0.8f}, within(1e-6f));
    assertThat(vectors.get(1)).containsExactly(0, 1);
    assertThat(vectors.get(2)).containsExactly(1, 0);
    assertThat(requests)
        .containsExactly(
            "{\"model\":\"small\",\"encoding_format\":\"float\",\"input\":[\"one\",\"two\"]}",
            "{\"model\":\"small\",\"encoding_format\":\"float\",\"input\":[\"three\"]}");
  }

  @Test
  void questionsAndPassagesGetTheirPrompts() {
    replies.add(new Reply(200, "{\"data\": [{\"embedding\": [1]}]}"));
    replies.add(new Reply(200, "{\"data\": [{\"embedding\": [1]}]}"));
    OpenAiEmbeddings embeddings = client().prompts(Prompts.e5()).build();
    embeddings.query("why");
    embeddings.passages(List.of("because"));
    assertThat(requests.get(0)).contains("\"query: why\"");
    assertThat(requests.get(1)).contains("\"passage: because\"");
  }

  @Test
  void aBusyServerIsAskedAgain() {
    replies.add(new Reply(503, "{\"error\": \"loading\"}"));
    replies.add(new Reply(200, "{\"data\": [{\"embedding\": [1, 0]}]}"));
    assertThat(client().build().query("why")).containsExactly(1, 0);
    assertThat(waits).containsExactly(Duration.ofSeconds(1));
  }

  @Test
  void theDimensionIsAskedForOnce() {
    replies.add(new Reply(200, "{\"data\": [{\"embedding\": [1, 0, 0]}]}"));
    OpenAiEmbeddings embeddings = client().build();
    assertThat(embeddings.dimension()).isEqualTo(3);
    assertThat(embeddings.dimension()).isEqualTo(3);
    assertThat(requests).hasSize(1);
    assertThat(client().dimension(2).build().dimension()).isEqualTo(2);
    assertThat(requests).hasSize(1);
  }

  @Test
  void aRefusalSaysWhatToDoAndHidesTheKey() {
    replies.add(new Reply(401, "{\"error\": {\"message\": \"bad key secret-key\"}}"));
    assertThatThrownBy(() -> client().apiKey("secret-key").build().query("why"))
        .isInstanceOf(GeneratorException.class)
        .hasMessageContaining("the key is not accepted")
        .hasMessageNotContaining("secret-key");
    assertThat(keys).containsExactly("Bearer secret-key");
  }

  @Test
  void answersThatAreNotVectorsAreRefused() {
    for (String body :
        List.of(
            "<html>",
            "{\"data\": []}",
            "{\"data\": [{\"embedding\": []}]}",
            "{\"data\": [{\"embedding\": [\"x\"]}]}",
            "{\"data\": [{\"index\": 3, \"embedding\": [1]}]}")) {
      replies.add(new Reply(200, body));
      assertThatThrownBy(() -> client().build().query("why"))
          .as(body)
          .isInstanceOf(GeneratorException.class)
          .hasMessageContaining("expected");
    }
    replies.add(new Reply(200, "{\"data\": [{\"embedding\": [1, 2]}]}"));
    assertThatThrownBy(() -> client().dimension(3).build().query("why"))
        .hasMessageContaining("expected vectors of 3 entries, found one of 2");
  }

  @Test
  void addressesAreCompletedOrRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OpenAiEmbeddings.at(URI.create("ftp://host")))
        .withMessageContaining("address");
    String base = "http://127.0.0.1:" + server.getAddress().getPort();
    for (String address : List.of(base + "/v1", base + "/v1/", base + "/v1/embeddings")) {
      replies.add(new Reply(200, "{\"data\": [{\"embedding\": [1]}]}"));
      OpenAiEmbeddings.at(URI.create(address)).model("small").build().query("why");
    }
    assertThat(requests).hasSize(3);
  }

  @Test
  void aServerThatIsNotThereIsAnErrorAtOnce() {
    server.stop(0);
    refuses(GeneratorException.class, () -> client().build().query("why"), "Check the address");
    assertThat(waits).isEmpty();
  }

  @Test
  void anAnswerThatIsTooLongIsRefusedAndNotAskedForAgain() {
    String vector = "{\"data\": [{\"embedding\": [" + "1, ".repeat(1000) + "1]}]}";
    replies.add(new Reply(200, vector));
    assertThatThrownBy(() -> client().maxAnswerBytes(2000).build().query("why"))
        .isInstanceOf(GeneratorException.class)
        .hasMessageContaining("/v1/embeddings: the answer is longer than 2,000 bytes")
        .hasMessageContaining("OpenAiEmbeddings.Builder.maxAnswerBytes");
    assertThat(requests).hasSize(1);
    replies.add(new Reply(200, vector));
    assertThat(client().maxAnswerBytes(4000).build().query("why")).hasSize(1001);
  }
}
