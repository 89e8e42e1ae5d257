import io.adapt4j.benchmarks.data.Banking;
import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.Batching;
import io.adapt4j.core.internal.data.EncodableRows;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.NextTokens;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Training steps of a 135M-parameter model on short conversations, padded, grouped by length and
 * packed: training tokens per second, and the share of time spent on making batches.
 */
public final class PackingBenchmark {

  private static final String OPTIONS =
      "--data "
          + Banking.DATA
          + " --tokenizer "
          + Banking.TOKENIZER
          + " --precision bf16 --batch 16 --packed-batch 2 --steps 12 --warmup 2 "
          + "--threads 0";
  private static final int RANK = 16;
  private static final double LEARNING_RATE = 1e-4;

  /** Totals over the measured steps of one kind of batching. */
  private static final class Total {

    private long targets;
    private long tokens;
    private long places;
    private double batchSeconds;
    private double stepSeconds;

    double targetsPerSecond() {
      return targets / (batchSeconds + stepSeconds);
    }
  }

  private final Arguments arguments;
  private final Map<Batching, Total> totals = new EnumMap<>(Batching.class);

  private PackingBenchmark(Arguments arguments) {
    this.arguments = arguments;
  }

  /**
   * Options: {@code --data} (a CSV file of text and category), {@code --tokenizer} (a folder),
   * {@code --precision bf16|fp32}, {@code --batch} (padded conversations), {@code --packed-batch}
   * (rows of 512 tokens), {@code --steps} and {@code --warmup} of each kind, {@code --threads}.
   */
  public static void main(String[] line) {
    new PackingBenchmark(Arguments.parse(line, OPTIONS).useThreads()).run();
  }

  private void run() {
    Path folder = Path.of(arguments.text("--tokenizer"));
    boolean bf16 = arguments.isBf16();
    EncodableRows rows;
    try (Tokenizer tokenizer = Tokenizer.load(folder);
        Decoder decoder = SmolLm.random(bf16 ? DType.BF16 : DType.F32);
        Adaptation adaptation = Methods.of(Lora.rank(RANK)).attach(decoder, Path.of("random"), 1)) {
      rows =
          Banking.encoder(folder, tokenizer)
              .filter(Banking.chats(Path.of(arguments.text("--data"))));
      measure(rows, decoder, adaptation);
    }
    report(rows, bf16);
  }

  /** Alternates the three kinds, so that other load on the machine affects them equally. */
  private void measure(EncodableRows rows, Decoder decoder, Adaptation adaptation) {
    int steps = arguments.number("--steps", 1);
    NextTokens task = new NextTokens(decoder);
    Map<Batching, Iterator<Batch>> epochs = new EnumMap<>(Batching.class);
    for (Batching way : Batching.values()) {
      epochs.put(way, batches(rows, way).epoch(0));
      totals.put(way, new Total());
    }
    try (TrainingStep<Batch> step = new TrainingStep<>(task, adaptation, SmolLm.settings(false))) {
      for (int i = -arguments.number("--warmup", 0); i < steps; i++) {
        for (Batching way : Batching.values()) {
          step(step, epochs.get(way), i < 0 ? new Total() : totals.get(way), i);
        }
      }
    }
  }

  private Batches batches(EncodableRows rows, Batching way) {
    return Batches.of(rows)
        .batchSize(arguments.number(way == Batching.PACKED ? "--packed-batch" : "--batch", 1))
        .batching(way)
        .shuffle(1)
        .build();
  }

  private static void step(
      TrainingStep<Batch> step, Iterator<Batch> epoch, Total total, int number) {
    long begun = System.nanoTime();
    Batch batch = epoch.next();
    long made = System.nanoTime();
    step.run(List.of(batch), batch.targetWeight(), LEARNING_RATE, number);
    total.stepSeconds += (System.nanoTime() - made) / 1e9;
    total.batchSeconds += (made - begun) / 1e9;
    total.targets += batch.targetTokens();
    total.tokens += batch.tokens();
    total.places += batch.ids().length;
  }

  private void report(EncodableRows rows, boolean bf16) {
    Report report = new Report("Packing, BANKING77 as chats, SmolLM2-135M's shape, LoRA r=16");
    report.line(
        "data",
        "%d conversations of %.1f tokens, %.1f of them targets, the longest %d",
        rows.report().rows(),
        (double) rows.report().tokens() / rows.report().rows(),
        (double) rows.report().targetTokens() / rows.report().rows(),
        rows.report().longest());
    report.line(
        "setting",
        "%s, batch %s padded, %s packed to 512, %s steps each in turns",
        bf16 ? "bf16" : "fp32",
        arguments.text("--batch"),
        arguments.text("--packed-batch"),
        arguments.text("--steps"));
    totals.forEach(
        (way, total) -> {
          String name = way.name().toLowerCase(Locale.ROOT);
          report.line(
              name,
              "%.0f target tokens/s, %.0f tokens/s, %.1f %% of the places filled",
              total.targetsPerSecond(),
              total.tokens / (total.batchSeconds + total.stepSeconds),
              100.0 * total.tokens / total.places);
          report.keep(Measurement.larger(name, "target tokens/s", total.targetsPerSecond()));
        });
    double padded = totals.get(Batching.PADDED).targetsPerSecond();
    report.figure(
        Measurement.largerRatio(
            "by length / padded", totals.get(Batching.BY_LENGTH).targetsPerSecond() / padded));
    report.figure(
        Measurement.largerRatio(
                "packed / padded", totals.get(Batching.PACKED).targetsPerSecond() / padded)
            .target(2)
            .label(
                "target tokens a second, packed rows over "
                    + arguments.text("--batch")
                    + " padded conversations"));
    Total packed = totals.get(Batching.PACKED);
    report.atMost(
        "making batches",
        100 * packed.batchSeconds / packed.stepSeconds,
        3,
        "% of the steps' time");
    report.print();
  }
}
