package io.adapt4j.benchmarks.serving;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Latencies;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.Targets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Compares concurrent requests of several threads to one model with the same prompts as one batch:
 * new tokens per second, also with an adapter per thread, and the time to first token of a request
 * among others.
 */
@InSuite(quick = "--tokens 24 --repetitions 2 --probes 5", full = "")
public final class ConcurrentRequestsBenchmark {

  private static final String OPTIONS =
      "--prompt 64 --tokens 64 --clients 8 --crowd 32 --rank 16 --repetitions 5 --probes 20"
          + " --threads 0";
  private static final double OF_THE_BATCH = 0.9;
  private static final double OF_FEWER_CLIENTS = 1;
  private static final int STEPS_TO_THE_FIRST = 3;
  private static final double OF_ONE_ADAPTER = 0.7;
  private static final String[] LINEAR = {
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"
  };
  private static final String BATCH = "batch";
  private static final String CALL = "call";
  private static final String FEW = "few";
  private static final String MANY = "many";
  private static final String SAME = "one adapter";
  private static final String MIXED = "mixed adapters";

  private final int promptLength;
  private final int newTokens;
  private final int clients;
  private final int crowd;
  private final int rank;
  private final int repetitions;
  private final int probes;
  private final ExecutorService threads = Executors.newCachedThreadPool();

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
   * Options: {@code --prompt}, {@code --tokens}, {@code --clients} compared with a batch as large,
   * {@code --crowd} clients compared with those, {@code --rank} of an adapter for each of the
   * clients, {@code --repetitions}, {@code --probes} requests for one token each, {@code --threads}
   * (0: the engine's choice).
   */
  public static void main(String[] line) {
    new ConcurrentRequestsBenchmark(Arguments.parse(line, OPTIONS).useThreads()).run();
  }

  private void run() {
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      SmolLm.write(folder.path());
      try (Served served = Served.load(folder.path())) {
        addAdapters(served.model(), folder.path());
        measure(served);
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

  private void measure(Served served) {
    batch(served);
    together(served, clients);
    withAdapters(served, clients);
    Turns turns =
        new Turns(0, repetitions)
            .add(BATCH, round -> batch(served))
            .add(CALL, round -> rate(clients, all -> served.answerAll(all, newTokens)))
            .add(FEW, round -> together(served, clients))
            .add(MANY, round -> together(served, crowd))
            .add(SAME, round -> withAdapters(served, 1))
            .add(MIXED, round -> withAdapters(served, clients))
            .run();
    Latencies alone = new Latencies();
    prompts(probes).forEach(prompt -> alone.time(() -> served.answer(prompt, 1)));
    report(turns, alone, firstTokensAmongOthers(served));
  }

  private List<int[]> prompts(int count) {
    return Decoding.prompts(count, promptLength, 1, SmolLm.VOCABULARY);
  }

  /** Returns new tokens per second. */
  private double rate(int count, Consumer<List<int[]>> answer) {
    List<int[]> prompts = prompts(count);
    return count * newTokens / Timing.seconds(() -> answer.accept(prompts));
  }

  private double batch(Served served) {
    return rate(clients, all -> served.generator().generate(all, Decoding.greedy(newTokens)));
  }

  private double together(Served served, int count) {
    return rate(
        count, all -> Timing.together(all, threads, prompt -> served.answer(prompt, newTokens)));
  }

  /** Returns the rate with a number of adapters, assigned in turn. */
  private double withAdapters(Served served, int adapters) {
    return rate(
        clients,
        all ->
            Timing.together(
                IntStream.range(0, clients).boxed().toList(),
                threads,
                i -> served.answer("adapter-" + i % adapters, all.get(i), newTokens)));
  }

  /** Measures the time to first token while the other clients' answers are generated. */
  private Latencies firstTokensAmongOthers(Served served) {
    Latencies latencies = new Latencies();
    for (int[] prompt : prompts(probes)) {
      List<CompletableFuture<Generation>> others =
          Timing.start(prompts(clients - 1), threads, ids -> served.answer(ids, newTokens));
      // All prompts are processed after half of an answer's time.
      LockSupport.parkNanos(8_000_000L * newTokens);
      if (others.stream().anyMatch(CompletableFuture::isDone)) {
        throw new IllegalStateException("The others have ended before the probe; raise --tokens");
      }
      latencies.time(() -> served.answer(prompt, 1));
      others.forEach(CompletableFuture::join);
    }
    return latencies;
  }

  private void report(Turns turns, Latencies alone, Latencies among) {
    Report report = new Report("Requests of several threads, SmolLM2-135M's shape, bf16");
    report.line(
        "setting",
        "prompt %d + %d new tokens, medians of %d",
        promptLength,
        newTokens,
        repetitions);
    double batch = turns.of(BATCH).median();
    Samples few = turns.of(FEW);
    Samples many = turns.of(MANY);
    Samples calls = turns.of(CALL);
    Samples mixed = turns.of(MIXED);
    double same = turns.of(SAME).median();
    report.line("one batch of " + clients, "%.1f tokens/s", batch);
    report.line(clients + " threads", "%.1f tokens/s", few.median());
    report.line(crowd + " threads", "%.1f tokens/s", many.median());
    report.figure(
        few.map(rate -> rate / batch)
            .largerRatio("threads of batch")
            .target(OF_THE_BATCH)
            .label(clients + " threads, of the rate of one batch as large"));
    report.figure(
        many.map(rate -> rate / few.median())
            .largerRatio("crowd of threads")
            .target(OF_FEWER_CLIENTS)
            .label(crowd + " threads, of the rate of " + clients));
    report.line("one call", "%.1f tokens/s for %d prompts", calls.median(), clients);
    report.figure(
        calls
            .map(rate -> rate / batch)
            .largerRatio("one call of batch")
            .label("prompts of one call that joins requests, of the rate of a batch of its own"));
    report.line("one adapter", "%.1f tokens/s, rank %d", same, rank);
    report.line(clients + " adapters", "%.1f tokens/s", mixed.median());
    report.figure(
        mixed
            .map(rate -> rate / same)
            .largerRatio("mixed adapters")
            .target(OF_ONE_ADAPTER)
            .label(clients + " adapters in a batch, of the rate of one"));
    reportFirstTokens(report, alone, among, 1e3 * clients / few.median());
    report.print();
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
