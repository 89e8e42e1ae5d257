package io.adapt4j.benchmarks.data;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.Batching;
import io.adapt4j.core.internal.data.EncodableRows;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Speed of encoding rows of a file, compared with the native library's batch call on the same
 * texts, and of collating samples into batches. The two alternate.
 */
@InSuite(
    quick = "--rounds 3 --warmup 1",
    full = "",
    needs = {Banking.DATA, Banking.TOKENIZER})
public final class TokenizingBenchmark {

  private static final String OPTIONS =
      "--data " + Banking.DATA + " --tokenizer " + Banking.TOKENIZER + " --rounds 7 --warmup 3";
  private static final int ROWS = 16;
  private static final double TARGET = 0.8;

  private TokenizingBenchmark() {}

  /**
   * Options: {@code --data} (a CSV file of text and category), {@code --tokenizer} (a folder),
   * {@code --rounds}, {@code --warmup}.
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    Path csv = Path.of(arguments.text("--data"));
    Path folder = Path.of(arguments.text("--tokenizer"));
    int rounds = arguments.number("--rounds", 1);
    int warmup = arguments.number("--warmup", 0);
    Map<String, Dataset> datasets = new LinkedHashMap<>();
    datasets.put("texts", Banking.texts(csv));
    datasets.put("prompt, completion", Banking.pairs(csv));
    datasets.put("chats", Banking.chats(csv));
    Report report = new Report("Tokenizing, BANKING77");
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
    AtomicReference<EncodableRows> rows = new AtomicReference<>();
    Turns turns =
        new Turns(warmup, rounds)
            .time("calling", () -> encoder.tokenizer().encodeAll(texts, false))
            .time("filtering", () -> rows.set(encoder.filter(dataset)))
            .add(
                "batching",
                round ->
                    Timing.seconds(
                        () ->
                            Batches.of(rows.get())
                                .batchSize(ROWS)
                                .batching(Batching.PACKED)
                                .shuffle(round)
                                .build()
                                .epoch(0)
                                .forEachRemaining(batch -> {})))
            .run();
    int size = dataset.size();
    Samples rates = turns.of("filtering").map(seconds -> size / seconds);
    Samples packed = turns.of("batching").map(seconds -> size / seconds);
    report.line(
        name,
        "%d rows of %.1f tokens, median of %d rounds",
        size,
        (double) rows.get().report().tokens() / size,
        rounds);
    report.figure(
        rates
            .larger(name + " tokenized", "rows/s")
            .target(50_000)
            .label("short rows tokenized: " + name));
    report.figure(
        turns
            .ratio("calling", "filtering")
            .largerRatio(name + " of the native call")
            .target(TARGET)
            .label("short rows tokenized over the native library's batch call: " + name));
    report.figure(packed.larger(name + " packed from memory", "rows/s"));
  }
}
