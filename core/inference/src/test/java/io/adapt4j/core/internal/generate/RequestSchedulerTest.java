package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of requests whose threads take turns in computing. */
@Timeout(120)
class RequestSchedulerTest {

  private static final Path FOLDER = Path.of("..", "fixtures", "families", "granite");
  private static final GenerationOptions SOME =
      GenerationOptions.greedy().toBuilder().maxNewTokens(12).ignoreEos(true).build();

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private LoadedModel model;
  private PromptCache prompts;

  @BeforeEach
  void load() {
    model = LoadedModel.load(FOLDER, Precision.FP32, WeightFormat.asStored(), List.of());
    prompts = new PromptCache(model.decoder(), 0);
  }

  @AfterEach
  void close() {
    threads.shutdownNow();
    prompts.close();
    model.close();
  }

  private RequestScheduler scheduler() {
    Generator generator = new Generator(model.decoder(), Optional.empty(), Set.of());
    return new RequestScheduler(new ReentrantLock(true), generator, prompts);
  }

  private static Generation ask(RequestScheduler scheduler) {
    return scheduler.generate(
        new int[] {5, 6, 7}, SOME, RequestScheduler.SILENT, new CancellationToken());
  }

  /**
   * The thread of a request leaves it to the scheduler's when another request waits. Where that one
   * is refused before the scheduler's thread has looked, the first still has to be answered.
   */
  @Test
  void aRequestThatWasHandedOverIsAnsweredThoughTheOthersAreRefused() throws Exception {
    Generation alone = ask(scheduler());
    SplittableRandom random = new SplittableRandom(1);
    for (int round = 0; round < 300; round++) {
      RequestScheduler scheduler = scheduler();
      scheduler.limit(1, 10, 1L << 30);
      Future<Generation> first = threads.submit(() -> ask(scheduler));
      Future<Generation> second = threads.submit(() -> ask(scheduler));
      spin(random.nextInt(400_000));
      scheduler.refuse();
      int answered = 0;
      for (Future<Generation> request : List.of(first, second)) {
        try {
          assertThat(request.get(20, TimeUnit.SECONDS)).isEqualTo(alone);
          answered++;
        } catch (ExecutionException e) {
          assertThat(e).hasMessageContaining("closed");
        }
      }
      assertThat(answered).as("round %d", round).isBetween(0, 2);
      scheduler.close();
    }
  }

  private static void spin(long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  @Test
  void anAdapterThatIsNotThereIsNamed() {
    assertThatThrownBy(
            () ->
                scheduler()
                    .generate(
                        "absent",
                        new int[] {5},
                        SOME,
                        RequestScheduler.SILENT,
                        new CancellationToken()))
        .hasMessage("adapters: expected names out of [], each once, found [absent]");
  }
}
