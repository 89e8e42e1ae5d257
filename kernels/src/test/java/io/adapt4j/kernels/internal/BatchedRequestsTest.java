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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests of many threads, answered in joined steps of the kernels, for every family. */
@Timeout(120)
class BatchedRequestsTest {

  /**
   * Families in fp32 and in bf16 by turns; steps of each in both are in {@link StepKernelsTest}.
   * Those without steps, whose rounding follows the width of a pass, are answered in both.
   */
  static Stream<Arguments> families() {
    List<String> all = StepKernelsTest.families().toList();
    Stream<Arguments> byTurns =
        IntStream.range(0, all.size()).mapToObj(i -> Arguments.of(all.get(i), precision(i)));
    Stream<Arguments> others =
        IntStream.range(0, all.size())
            .filter(i -> StepKernelsTest.BY_OPERATORS.contains(all.get(i)))
            .mapToObj(i -> Arguments.of(all.get(i), precision(i + 1)));
    return Stream.concat(byTurns, others);
  }

  private static Precision precision(int turn) {
    return turn % 2 == 0 ? Precision.FP32 : Precision.BF16;
  }

  /** In bf16 two tokens may be as likely but for rounding: that comes out alike, too. */
  @ParameterizedTest
  @MethodSource("families")
  void eachThreadGetsToTheTokenWhatItGetsAlone(String family, Precision precision)
      throws Exception {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
    Path folder = StepKernelsTest.FAMILIES.resolve(family);
    ExecutorService threads = Executors.newCachedThreadPool();
    try (LoadedModel model =
            LoadedModel.load(folder, precision, WeightFormat.asStored(), List.of());
        PromptCache prompts = new PromptCache(model.decoder(), 0)) {
      Generator generator = new Generator(model.decoder(), Optional.empty(), Set.of());
      RequestScheduler scheduler =
          new RequestScheduler(new ReentrantLock(true), generator, prompts);
      int most = model.decoder().positionLimit();
      List<Generation> alone = new ArrayList<>();
      List<Future<Generation>> together = new ArrayList<>();
      for (int request = 0; request < 9; request++) {
        alone.add(answer(scheduler, most, request));
      }
      for (int request = 0; request < 9; request++) {
        int number = request;
        together.add(threads.submit(() -> answer(scheduler, most, number)));
      }
      for (int request = 0; request < 9; request++) {
        assertThat(together.get(request).get())
            .as("request %d", request)
            .isEqualTo(alone.get(request));
      }
      scheduler.close();
    }
    threads.shutdown();
  }

  /** Prompts of one token to far more than others' steps. */
  private static Generation answer(RequestScheduler scheduler, int most, int number) {
    int length = number % 4 == 3 ? 20 * number : 1 + 3 * (number % 4);
    int[] prompt = new SplittableRandom(number).ints(Math.min(length, most - 1), 3, 39).toArray();
    GenerationOptions options =
        GenerationOptions.builder()
            .maxNewTokens(3 + 2 * number)
            .temperature(number % 3 == 0 ? 0 : 0.8)
            .seed(number)
            .ignoreContextLength(true)
            .promptLookupTokens(number % 2 == 0 ? 0 : 3)
            .build();
    return scheduler.generate(prompt, options, text -> {}, new CancellationToken());
  }
}
