package io.adapt4j.benchmarks.serving;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.serve.ModelServer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server under clients that connect, leave and time out at random, for some seconds. */
@Timeout(180)
class RandomClientsTest {

  private static final Path MODEL = Path.of("../examples/models/stories260K");

  @Test
  void noAnswerIsWrongOrLostAndNothingIsLeftBehind() throws Exception {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(MODEL), Precision.FP32)) {
      ServerState between;
      ServerState after;
      try (ModelServer server = ModelServer.builder().model("m", model).start()) {
        RandomClients clients = new RandomClients(server.address(), "m", model);
        RandomClients.Outcome first = clients.run(32, 2.5, 1);
        between = ServerState.idle(server.address(), 20);
        RandomClients.Outcome second = clients.run(32, 2.5, 2);
        after = ServerState.idle(server.address(), 20);
        assertThat(second.wrong()).isEmpty();
        assertThat(second.lost()).isEmpty();
        assertThat(first.total()).isGreaterThan(50);
        assertThat(second.total()).isGreaterThan(50);
        assertThat(first.wrong()).isEmpty();
        assertThat(first.lost()).isEmpty();
      }
      assertThat(after.requests()).isZero();
      assertThat(after.answers()).isZero();
      assertThat(after.threads()).isLessThanOrEqualTo(between.threads() + 32);
      assertThat(after.heapBytes()).isLessThan(between.heapBytes() + (16L << 20));
      assertThat(serverThreadsWithin(Duration.ofSeconds(10))).isZero();
    }
  }

  private static long serverThreadsWithin(Duration time) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    long threads = serverThreads();
    while (threads > 0 && System.nanoTime() < end) {
      Thread.sleep(50);
      threads = serverThreads();
    }
    return threads;
  }

  private static long serverThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("adapt4j-serve") || name.startsWith("adapt4j-answer"))
        .count();
  }
}
