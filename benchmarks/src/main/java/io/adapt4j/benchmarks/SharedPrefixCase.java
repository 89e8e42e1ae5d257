package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.suite.InSuite;
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
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;

/**
 * Requests of several threads, in a separate process: prints their time and the increase in RSS.
 */
@InSuite(leftOut = "a part of SharedPrefixBenchmark")
final class SharedPrefixCase {

  static final String SECONDS = "seconds ";
  static final String BYTES = "bytes ";

  /** Number of tokens unique to each prompt. */
  static final int OWN = 16;

  private final SplittableRandom random = new SplittableRandom(1);
  private final int requests;
  private final int prefix;
  private final int newTokens;

  private SharedPrefixCase(int requests, int prefix, int newTokens) {
    this.requests = requests;
    this.prefix = prefix;
    this.newTokens = newTokens;
  }

  /** Runs a case. */
  public static void main(String[] line) {
    SharedPrefixCase settings =
        new SharedPrefixCase(
            Integer.parseInt(line[1]), Integer.parseInt(line[2]), Integer.parseInt(line[3]));
    settings.run(Path.of(line[0]), Integer.parseInt(line[4]), Boolean.parseBoolean(line[5]));
  }

  private void run(Path folder, int repetitions, boolean same) {
    ExecutorService threads = Executors.newCachedThreadPool();
    try (LoadedModel model =
            LoadedModel.load(folder, Precision.BF16, WeightFormat.asStored(), List.of());
        PromptCache prompts = new PromptCache(model.decoder(), 0)) {
      Generator generator = new Generator(model.decoder(), Optional.empty(), Set.of(), 0);
      try (RequestScheduler scheduler =
          new RequestScheduler(new ReentrantLock(true), generator, prompts)) {
        answer(scheduler, ids(prefix));
        answer(scheduler, ids(prefix));
        System.gc();
        long before = Machine.resident();
        Machine.resetPeakResident();
        for (int i = 0; i < repetitions; i++) {
          List<int[]> asked = prompts(same);
          long begun = System.nanoTime();
          List<CompletableFuture<Generation>> answers =
              asked.stream()
                  .map(
                      prompt ->
                          CompletableFuture.supplyAsync(() -> answer(scheduler, prompt), threads))
                  .toList();
          answers.forEach(CompletableFuture::join);
          System.out.println(SECONDS + (System.nanoTime() - begun) / 1e9);
          if (i == 0) {
            System.out.println(BYTES + (Machine.peakResident() - before));
          }
        }
      }
    } finally {
      threads.shutdown();
    }
  }

  private Generation answer(RequestScheduler scheduler, int[] prompt) {
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(newTokens).ignoreEos(true).build();
    return scheduler.generate(prompt, options, RequestScheduler.SILENT, new CancellationToken());
  }

  private int[] ids(int count) {
    return random.ints(count, 1, SmolLm.VOCABULARY).toArray();
  }

  private List<int[]> prompts(boolean same) {
    int[] common = ids(prefix);
    return IntStream.range(0, requests)
        .mapToObj(i -> joined(same ? common : ids(prefix), ids(OWN)))
        .toList();
  }

  private static int[] joined(int[] first, int[] second) {
    int[] joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }
}
