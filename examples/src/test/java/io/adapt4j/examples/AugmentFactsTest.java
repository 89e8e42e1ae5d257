package io.adapt4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AugmentFactsTest {

  @TempDir private Path folder;
  private Path facts;
  private Path out;

  @BeforeEach
  void writeFacts() throws IOException {
    facts = folder.resolve("facts.jsonl");
    out = folder.resolve("out.jsonl");
    Files.writeString(
        facts,
        """
        {"text": "The castle was built in 1386."}
        {"text": "The bridge is 120 m long."}
        """);
  }

  @Test
  void itWorksWithoutAModel() {
    AugmentFacts.main(new String[] {facts.toString(), out.toString(), "--paraphrases", "4"});
    Dataset rows = Datasets.read(out).open();
    assertThat(rows.size()).isEqualTo(10);
    assertThat(rows.get(0)).isEqualTo(new Example.Text("The castle was built in 1386."));
    assertThat(rows.source(9).orElseThrow().text("source")).isEqualTo("1");
    assertThat(rows.source(9).orElseThrow().text("paraphrase")).isEqualTo("4");
  }

  @Test
  void itAsksAServerAndKeepsTheAnswers() throws IOException {
    AtomicInteger requests = new AtomicInteger();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/chat/completions",
        exchange -> {
          try (exchange) {
            String body =
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            String fact = body.contains("1386") ? "built in 1386" : "bridge that is 120 m long";
            requests.incrementAndGet();
            byte[] answer =
                ("{\"choices\": [{\"message\": {\"content\": \"people tell of one "
                        + fact
                        + "\"}, \"finish_reason\": \"stop\"}]}")
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
          }
        });
    server.start();
    try {
      String[] arguments = {
        facts.toString(),
        out.toString(),
        "--paraphrases",
        "1",
        "--model",
        "small",
        "--endpoint",
        "http://127.0.0.1:" + server.getAddress().getPort()
      };
      AugmentFacts.main(arguments);
      assertThat(Datasets.read(out).open().size()).isEqualTo(4);
      assertThat(requests).hasValue(2);
      AugmentFacts.main(arguments);
      assertThat(requests).hasValue(2);
    } finally {
      server.stop(0);
    }
  }
}
