package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.generate.PromptCache;
import io.adapt4j.core.internal.generate.RequestScheduler;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Prompts that are read in pieces of any size beside answers, for every family. */
@Timeout(120)
class LimitedPausesTest {

  private static final int REQUESTS = 6;

  static Stream<Arguments> families() {
    return BatchedRequestsTest.families();
  }

  /** So short a limit that prompts are read 8 tokens at a time beside answers. */
  @ParameterizedTest
  @MethodSource("families")
  void answersAndTheirLogProbabilitiesAreToTheBitThoseOfRequestsAlone(
      String family, Precision precision) throws Exception {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
    Path folder = StepKernelsTest.FAMILIES.resolve(family);
    ExecutorService threads = Executors.newCachedThreadPool();
    try (LoadedModel model =
            LoadedModel.load(folder, precision, WeightFormat.asStored(), List.of());
        PromptCache prompts = new PromptCache(model.decoder(), 0)) {
      Generator generator = new Generator(model.decoder(), Optional.empty(), Set.of());
      ReentrantLock lock = new ReentrantLock(true);
      RequestScheduler scheduler = new RequestScheduler(lock, generator, prompts);
      lock.lock();
      try {
        scheduler.limitPause(Duration.ofNanos(1_000));
      } finally {
        lock.unlock();
      }
      int most = model.decoder().positionLimit();
      List<Generation> alone = new ArrayList<>();
      List<Future<Generation>> together = new ArrayList<>();
      for (int request = 0; request < REQUESTS; request++) {
        alone.add(answer(scheduler, most, request));
      }
      for (int request = 0; request < REQUESTS; request++) {
        int number = request;
        together.add(threads.submit(() -> answer(scheduler, most, number)));
      }
      for (int request = 0; request < REQUESTS; request++) {
        assertThat(together.get(request).get())
            .as("request %d", request)
            .isEqualTo(alone.get(request));
      }
      scheduler.close();
    }
    threads.shutdown();
  }

  /** Short prompts with long answers, and the reverse. */
  private static Generation answer(RequestScheduler scheduler, int most, int number) {
    int length = number % 2 == 0 ? 1 + number : 50 + 40 * number;
    int[] prompt = new SplittableRandom(number).ints(Math.min(length, most - 1), 3, 39).toArray();
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder()
            .maxNewTokens(number % 2 == 0 ? 40 : 3)
            .logprobs(2)
            .ignoreContextLength(true)
            .build();
    return scheduler.generate(prompt, options, text -> {}, new CancellationToken());
  }
}
