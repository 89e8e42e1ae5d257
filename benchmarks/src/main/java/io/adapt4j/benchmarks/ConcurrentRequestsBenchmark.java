package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Measurement;
import io.adapt4j.benchmarks.suite.Samples;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.generate.PromptCache;
import io.adapt4j.core.internal.generate.RequestScheduler;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.Targets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;

/**
 * Compares concurrent requests of several threads to one model with the same prompts as one batch:
 * new tokens per second, also with an adapter per thread, and the time to first token of a request
 * among others.
 */
@InSuite(quick = "--tokens 24 --repetitions 2 --probes 5", full = "")
public final class ConcurrentRequestsBenchmark {

  private static final Map<String, String> DEFAULTS =
      Map.of(
          "--prompt", "64",
          "--tokens", "64",
          "--clients", "8",
          "--crowd", "32",
          "--rank", "16",
          "--repetitions", "5",
          "--probes", "20",
          "--threads", "0");
  private static final double OF_THE_BATCH = 0.9;
  private static final double OF_FEWER_CLIENTS = 1;
  private static final int STEPS_TO_THE_FIRST = 3;
  private static final double OF_ONE_ADAPTER = 0.7;
  private static final String[] LINEAR = {
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"
  };

  private final int promptLength;
  private final int newTokens;
  private final int clients;
  private final int crowd;
  private final int rank;
  private final int repetitions;
  private final int probes;

  private ConcurrentRequestsBenchmark(Arguments arguments) {
    promptLength = arguments.number("--prompt", 1);
    newTokens = arguments.number("--tokens", 2);
    clients = arguments.number("--clients", 2);
    crowd = arguments.number("--crowd", 2);
    rank = arguments.number("--rank", 1);
    repetitions = arguments.number("--repetitions", 1);
    probes = arguments.number("--probes", 1);
  }

  /**
   * Runs the benchmark.
   *
   * @param line {@code --prompt}, {@code --tokens}, {@code --clients} compared with a batch as
   *     large, {@code --crowd} clients compared with those, {@code --rank} of an adapter for each
   *     of the clients, {@code --repetitions}, {@code --probes} requests for one token each, {@code
   *     --threads} (0: the engine's choice)
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, DEFAULTS, Set.of());
    ConcurrentRequestsBenchmark benchmark = new ConcurrentRequestsBenchmark(arguments);
    arguments.useThreads();
    benchmark.run();
  }

  /** A model with its generator and request scheduler. */
  private record Served(Generator generator, RequestScheduler scheduler) {

    Generation answer(int[] prompt, int tokens) {
      return scheduler.generate(
          prompt, options(tokens), RequestScheduler.SILENT, new CancellationToken());
    }

    List<Generation> answerAll(List<int[]> prompts, int tokens) {
      return scheduler.generateAll(null, prompts, options(tokens));
    }

    Generation answer(String adapter, int[] prompt, int tokens) {
      return scheduler.generate(
          adapter, prompt, options(tokens), RequestScheduler.SILENT, new CancellationToken());
    }

    private static GenerationOptions options(int tokens) {
      return GenerationOptions.greedy().toBuilder().maxNewTokens(tokens).ignoreEos(true).build();
    }
  }

  private void run() {
    ExecutorService threads = Executors.newCachedThreadPool();
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      SmolLm.write(folder.path());
      try (LoadedModel model =
              LoadedModel.load(folder.path(), Precision.BF16, WeightFormat.asStored(), List.of());
          PromptCache prompts = new PromptCache(model.decoder(), 0)) {
        Generator generator = new Generator(model.decoder(), Optional.empty(), Set.of(), 0);
        try (RequestScheduler scheduler =
            new RequestScheduler(new ReentrantLock(true), generator, prompts, model.adapters())) {
          addAdapters(model, folder.path());
          measure(new Served(generator, scheduler), threads);
        }
      }
    } finally {
      threads.shutdown();
    }
  }

  /** Adds adapters on all linear layers, whose training does not matter. */
  private void addAdapters(LoadedModel model, Path base) {
    for (int i = 0; i < clients; i++) {
      Path folder = base.resolve("adapter-" + i);
      try (Adaptation adaptation =
          Methods.of(Lora.rank(rank).targets(Targets.names(LINEAR)))
              .attach(model.decoder(), base, i)) {
        adaptation.save(folder);
      }
      model.adapters().add("adapter-" + i, AdapterMechanics.of(Adapter.at(folder)));
    }
  }

  private void measure(Served served, ExecutorService threads) {
    batch(served);
    together(served, threads, clients);
    withAdapters(served, threads, clients);
    double[] batch = new double[repetitions];
    double[] same = new double[repetitions];
    double[] mixed = new double[repetitions];
    double[] call = new double[repetitions];
    double[] few = new double[repetitions];
    double[] many = new double[repetitions];
    for (int i = 0; i < repetitions; i++) {
      batch[i] = batch(served);
      call[i] = oneCall(served);
      few[i] = together(served, threads, clients);
      many[i] = together(served, threads, crowd);
      same[i] = withAdapters(served, threads, 1);
      mixed[i] = withAdapters(served, threads, clients);
    }
    Latencies alone = firstTokens(served);
    Latencies among = firstTokensAmongOthers(served, threads);
    double step = 1e3 * clients / Samples.of(few).median();
    Report report = report(Samples.of(batch), Samples.of(few), Samples.of(many));
    Samples calls = Samples.of(call);
    report.line("one call", "%.1f tokens/s for %d prompts", calls.median(), clients);
    report.figure(
        calls
            .errorOf(
                Measurement.largerRatio(
                    "one call of batch", calls.median() / Samples.of(batch).median()))
            .label("prompts of one call that joins requests, of the rate of a batch of its own"));
    reportAdapters(report, Samples.of(same), Samples.of(mixed));
    reportFirstTokens(report, alone, among, step);
    report.print();
  }

  private List<int[]> prompts(int count) {
    SplittableRandom random = new SplittableRandom(1);
    return IntStream.range(0, count)
        .mapToObj(row -> random.ints(promptLength, 1, SmolLm.VOCABULARY).toArray())
        .toList();
  }

  private double batch(Served served) {
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(newTokens).ignoreEos(true).build();
    long begun = System.nanoTime();
    served.generator().generate(prompts(clients), options);
    return clients * newTokens / seconds(begun);
  }

  private double oneCall(Served served) {
    long begun = System.nanoTime();
    served.answerAll(prompts(clients), newTokens);
    return clients * newTokens / seconds(begun);
  }

  private double together(Served served, ExecutorService threads, int count) {
    List<int[]> prompts = prompts(count);
    long begun = System.nanoTime();
    List<CompletableFuture<Generation>> answers = start(served, threads, prompts);
    answers.forEach(CompletableFuture::join);
    return count * newTokens / seconds(begun);
  }

  /** Returns the rate with a number of adapters, assigned in turn. */
  private double withAdapters(Served served, ExecutorService threads, int adapters) {
    List<int[]> prompts = prompts(clients);
    long begun = System.nanoTime();
    List<CompletableFuture<Generation>> answers =
        IntStream.range(0, clients)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> served.answer("adapter-" + i % adapters, prompts.get(i), newTokens),
                        threads))
            .toList();
    answers.forEach(CompletableFuture::join);
    return clients * newTokens / seconds(begun);
  }

  private List<CompletableFuture<Generation>> start(
      Served served, ExecutorService threads, List<int[]> prompts) {
    return prompts.stream()
        .map(
            prompt ->
                CompletableFuture.supplyAsync(() -> served.answer(prompt, newTokens), threads))
        .toList();
  }

  /** Measures the time to first token of a request alone. */
  private Latencies firstTokens(Served served) {
    Latencies latencies = new Latencies(probes);
    prompts(probes).forEach(prompt -> firstToken(served, prompt, latencies));
    return latencies;
  }

  private static void firstToken(Served served, int[] prompt, Latencies latencies) {
    long begun = System.nanoTime();
    served.answer(prompt, 1);
    latencies.add(System.nanoTime() - begun);
  }

  /** Measures the time to first token while the other clients' answers are generated. */
  private Latencies firstTokensAmongOthers(Served served, ExecutorService threads) {
    Latencies latencies = new Latencies(probes);
    List<int[]> prompts = prompts(clients - 1);
    for (int[] prompt : prompts(probes)) {
      List<CompletableFuture<Generation>> others = start(served, threads, prompts);
      // All prompts are processed after half of an answer's time.
      pause(others);
      firstToken(served, prompt, latencies);
      others.forEach(CompletableFuture::join);
    }
    return latencies;
  }

  private void pause(List<CompletableFuture<Generation>> others) {
    try {
      Thread.sleep(8L * newTokens);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    if (others.stream().anyMatch(CompletableFuture::isDone)) {
      throw new IllegalStateException("The others have ended before the probe; raise --tokens");
    }
  }

  private static double seconds(long begun) {
    return (System.nanoTime() - begun) / 1e9;
  }

  private Report report(Samples batch, Samples few, Samples many) {
    Report report = new Report("Requests of several threads, SmolLM2-135M's shape, bf16");
    Machine.describe(report);
    report.line(
        "setting",
        "prompt %d + %d new tokens, medians of %d",
        promptLength,
        newTokens,
        repetitions);
    report.line("one batch of " + clients, "%.1f tokens/s", batch.median());
    report.line(clients + " threads", "%.1f tokens/s", few.median());
    report.line(crowd + " threads", "%.1f tokens/s", many.median());
    report.figure(
        few.errorOf(Measurement.largerRatio("threads of batch", few.median() / batch.median()))
            .target(OF_THE_BATCH)
            .label(clients + " threads, of the rate of one batch as large"));
    report.figure(
        many.errorOf(Measurement.largerRatio("crowd of threads", many.median() / few.median()))
            .target(OF_FEWER_CLIENTS)
            .label(crowd + " threads, of the rate of " + clients));
    return report;
  }

  private void reportAdapters(Report report, Samples same, Samples mixed) {
    report.line("one adapter", "%.1f tokens/s, rank %d", same.median(), rank);
    report.line(clients + " adapters", "%.1f tokens/s", mixed.median());
    report.figure(
        mixed
            .errorOf(Measurement.largerRatio("mixed adapters", mixed.median() / same.median()))
            .target(OF_ONE_ADAPTER)
            .label(clients + " adapters in a batch, of the rate of one"));
  }

  private void reportFirstTokens(Report report, Latencies alone, Latencies among, double step) {
    double p95 = among.percentile(0.95);
    double bound = alone.percentile(0.5) + STEPS_TO_THE_FIRST * step;
    report.line(
        "first token",
        "%.0f ms alone, among %d others p95 %.0f ms; a step takes %.1f ms",
        alone.percentile(0.5),
        clients - 1,
        p95,
        step);
    report.figure(
        Measurement.smallerRatio("first token", p95 / bound)
            .target(1)
            .label("time to the first token among others, of 3 steps and its own prompt"));
  }
}
