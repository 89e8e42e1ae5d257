package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reranking and embeddings have a bounded queue and a time. */
@Timeout(60)
class ComputingLimitsTest {

  private static final String PATH = "/v1/rerank";
  private static final String ASK = "{'model':'ranker','query':'a','documents':['b']}";

  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  private TestServer server(ServerLimits limits) {
    return TestServer.start(
        settings ->
            settings
                .limits(limits)
                .reranker(
                    "ranker",
                    (query, documents) -> {
                      begun.countDown();
                      try {
                        released.await();
                      } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                      }
                      return new double[documents.size()];
                    }));
  }

  private static void assertPassing(HttpResponse<String> response, int status, String code)
      throws IOException {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(Json.parse(response.body()).at("/error/code").asText()).isEqualTo(code);
    assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
  }

  @Test
  void moreThanMayWaitAreToldToComeBack() throws Exception {
    try (TestServer server = server(ServerLimits.defaults().withAnswers(1))) {
      CompletableFuture<HttpResponse<String>> first =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return server.post(PATH, ASK);
                } catch (IOException | InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      begun.await();
      assertPassing(server.post(PATH, ASK), 429, "rate_limit_exceeded");
      // Conversations have places of their own.
      assertThat(
              server
                  .post("/v1/completions", "{'model':'stories','prompt':'a','max_tokens':1}")
                  .statusCode())
          .isEqualTo(200);
      released.countDown();
      assertThat(first.join().statusCode()).isEqualTo(200);
      assertThat(server.post(PATH, ASK).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void whatIsNotDoneInTimeIsRefused() throws Exception {
    ServerLimits limits = ServerLimits.defaults().withRequestTime(Duration.ofMillis(100));
    try (TestServer server = server(limits)) {
      assertPassing(server.post(PATH, ASK), 503, "timeout");
      released.countDown();
      assertThat(server.post(PATH, ASK).statusCode()).isEqualTo(200);
    }
  }
}
