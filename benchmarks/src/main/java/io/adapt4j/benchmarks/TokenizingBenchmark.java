package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Measurement;
import io.adapt4j.benchmarks.suite.Samples;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.Batching;
import io.adapt4j.core.internal.data.EncodableRows;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Speed of encoding rows of a file, compared with the native library's batch call on the same
 * texts, and of collating samples into batches. The two alternate.
 */
@InSuite(
    quick = "--rounds 3 --warmup 1",
    full = "",
    needs = {Banking.DATA, Banking.TOKENIZER})
public final class TokenizingBenchmark {

  private static final Map<String, String> DEFAULTS =
      Map.of(
          "--data",
          Banking.DATA,
          "--tokenizer",
          Banking.TOKENIZER,
          "--rounds",
          "7",
          "--warmup",
          "3");
  private static final int ROWS = 16;
  private static final double TARGET = 0.8;

  private TokenizingBenchmark() {}

  /**
   * Runs the benchmark.
   *
   * @param line {@code --data} (a CSV file of text and category), {@code --tokenizer} (a folder),
   *     {@code --rounds}, {@code --warmup}
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, DEFAULTS, Set.of());
    Path csv = Path.of(arguments.text("--data"));
    Path folder = Path.of(arguments.text("--tokenizer"));
    int rounds = arguments.number("--rounds", 1);
    int warmup = arguments.number("--warmup", 0);
    Map<String, Dataset> datasets = new LinkedHashMap<>();
    datasets.put("texts", Banking.texts(csv));
    datasets.put("prompt, completion", Banking.pairs(csv));
    datasets.put("chats", Banking.chats(csv));
    Report report = new Report("Tokenizing, BANKING77");
    Machine.describe(report);
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      ExampleEncoder encoder = Banking.encoder(folder, tokenizer);
      datasets.forEach(
          (name, dataset) ->
              measure(
                  name,
                  dataset,
                  encoder,
                  Banking.written(dataset, folder),
                  warmup,
                  rounds,
                  report));
    }
    report.print();
  }

  private static void measure(
      String name,
      Dataset dataset,
      ExampleEncoder encoder,
      List<String> texts,
      int warmup,
      int rounds,
      Report report) {
    double[] calling = new double[rounds];
    double[] filtering = new double[rounds];
    double[] batching = new double[rounds];
    EncodableRows rows = null;
    for (int round = -warmup; round < rounds; round++) {
      double called = Timing.seconds(() -> encoder.tokenizer().encodeAll(texts, false));
      long begun = System.nanoTime();
      rows = encoder.filter(dataset);
      long filtered = System.nanoTime();
      Batches batches =
          Batches.of(rows).batchSize(ROWS).batching(Batching.PACKED).shuffle(round).build();
      batches.epoch(0).forEachRemaining(batch -> {});
      if (round >= 0) {
        calling[round] = called;
        filtering[round] = (filtered - begun) / 1e9;
        batching[round] = (System.nanoTime() - filtered) / 1e9;
      }
    }
    int size = dataset.size();
    double[] ratios = new double[rounds];
    Arrays.setAll(ratios, round -> calling[round] / filtering[round]);
    Samples shares = Samples.of(ratios);
    Samples rates = Samples.of(filtering).map(seconds -> size / seconds);
    Samples packed = Samples.of(batching).map(seconds -> size / seconds);
    report.line(
        name,
        "%d rows of %.1f tokens, median of %d rounds",
        size,
        (double) rows.report().tokens() / size,
        rounds);
    report.figure(
        rates
            .errorOf(Measurement.larger(name + " tokenized", "rows/s", rates.median()))
            .target(50_000)
            .label("short rows tokenized: " + name));
    report.figure(
        shares
            .errorOf(Measurement.largerRatio("of the native call", shares.median()))
            .target(TARGET)
            .label("short rows tokenized over the native library's batch call: " + name));
    report.figure(
        packed.errorOf(
            Measurement.larger(name + " packed from memory", "rows/s", packed.median())));
  }
}
