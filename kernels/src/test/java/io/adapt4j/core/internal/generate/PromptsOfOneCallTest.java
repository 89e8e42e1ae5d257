package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.tensor.Tensor;
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
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls for several prompts, whose requests join the batch of all others. */
@Timeout(120)
class PromptsOfOneCallTest {

  private static final Path FOLDER = Path.of("..", "core", "fixtures", "families", "granite");
  private static final GenerationOptions GREEDY =
      GenerationOptions.greedy().toBuilder().maxNewTokens(12).build();

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final ReentrantLock lock = new ReentrantLock(true);
  private final long before = Tensor.live();
  private LoadedModel model;
  private Generator generator;
  private PromptCache prompts;
  private RequestScheduler scheduler;

  @BeforeEach
  void load() {
    model = LoadedModel.load(FOLDER, Precision.FP32, WeightFormat.asStored(), List.of());
    generator = new Generator(model.decoder(), Optional.empty(), Set.of());
    prompts = new PromptCache(model.decoder(), 1L << 20);
    renew();
  }

  private void renew() {
    scheduler = new RequestScheduler(lock, generator, prompts);
  }

  @AfterEach
  void nothingStaysInMemory() {
    threads.shutdownNow();
    close();
    prompts.close();
    model.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private void close() {
    lock.lock();
    try {
      scheduler.close();
    } finally {
      lock.unlock();
    }
  }

  private static List<int[]> some(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> new SplittableRandom(i % 50).ints(1 + i % 7, 3, 39).toArray())
        .toList();
  }

  @Test
  void areAnsweredAsInABatchOfTheirOwn() {
    for (GenerationOptions options :
        List.of(
            GREEDY,
            GREEDY.toBuilder().repetitionPenalty(1.3).maxNewTokens(1).build(),
            GenerationOptions.builder().maxNewTokens(9).temperature(0.9).seed(4).build())) {
      for (int count : new int[] {0, 1, 5, 70}) {
        assertThat(scheduler.generateAll(null, some(count), options))
            .isEqualTo(generator.generate(some(count), options));
      }
    }
    assertThat(prompts.bytes()).as("kept of them").isZero();
  }

  @Test
  void doNotHoldOthersUp() throws Exception {
    scheduler.limit(4, 10, 1L << 30);
    Generation alone = ask();
    Future<List<Generation>> all =
        threads.submit(() -> scheduler.generateAll(null, some(600), GREEDY));
    int answered = 0;
    while (!all.isDone()) {
      assertThat(ask()).isEqualTo(alone);
      answered += all.isDone() ? 0 : 1;
    }
    assertThat(answered).as("answers before all prompts of the call are done").isPositive();
    assertThat(all.get()).isEqualTo(generator.generate(some(600), GREEDY));
  }

  private Generation ask() {
    return scheduler.generate(
        new int[] {5, 6, 7}, GREEDY, RequestScheduler.SILENT, new CancellationToken());
  }

  @Test
  void areRefusedBeforeOneIsReadIfOneIsUnusable() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> scheduler.generateAll(null, List.of(new int[] {5}, new int[] {}), GREEDY))
        .withMessage("Prompt 1 has no tokens; give at least one");
  }

  @Test
  void failTogether() {
    GenerationOptions stopping = GREEDY.toBuilder().stopStrings("x").build();
    assertThatIllegalStateException()
        .isThrownBy(() -> scheduler.generateAll(null, some(70), stopping))
        .withMessageContaining("stopStrings need a tokenizer");
    assertThat(scheduler.generateAll(null, some(3), GREEDY)).hasSize(3);
  }

  /** Whoever closes the model waits for calls in progress, of which this may be one. */
  @Test
  void areAllAnsweredOrAllRefusedWhenTheModelIsClosed() throws Exception {
    List<Generation> expected = generator.generate(some(40), GREEDY);
    SplittableRandom random = new SplittableRandom(1);
    int answered = 0;
    for (int round = 0; round < 30; round++) {
      renew();
      Future<List<Generation>> all =
          threads.submit(() -> scheduler.generateAll(null, some(40), GREEDY));
      spin(random.nextInt(4_000_000));
      scheduler.refuse();
      try {
        assertThat(all.get()).isEqualTo(expected);
        answered++;
      } catch (ExecutionException e) {
        assertThat(e).hasMessageContaining("closed");
      }
      close();
    }
    assertThat(answered).isPositive();
  }

  @Test
  void areAllAnsweredByTheSameWeights() throws Exception {
    scheduler.limit(2, 10, 1L << 30);
    Future<List<Generation>> all =
        threads.submit(() -> scheduler.generateAll(null, some(600), GREEDY));
    while (!isRunning()) {
      Thread.onSpinWait();
    }
    lock.lock();
    try {
      scheduler.beforeChange();
      assertThat(isRunning()).isFalse();
    } finally {
      lock.unlock();
    }
    assertThat(all.get()).isEqualTo(generator.generate(some(600), GREEDY));
  }

  private boolean isRunning() {
    lock.lock();
    try {
      return scheduler.isAnswering();
    } finally {
      lock.unlock();
    }
  }

  private static void spin(long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  @Test
  void needAnAdapterThatIsThere() {
    assertThatThrownBy(() -> scheduler.generateAll("absent", some(2), GREEDY))
        .hasMessage("adapters: expected names out of [], each once, found [absent]");
  }
}
