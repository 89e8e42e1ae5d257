package io.adapt4j.benchmarks.retrieval;

import ai.onnxruntime.OrtException;
import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.MatmulCeiling;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.rag.embed.MiniLm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Compares texts per second with all-MiniLM-L6-v2 in fp32, from text to vector, with ONNX Runtime
 * on the same texts and number of threads. The two alternate, so that other load on the machine
 * affects both.
 */
@InSuite(
    quick = "--rounds 9",
    full = {"", "--threads 1"})
public final class EmbeddingBenchmark {

  private static final String OPTIONS = "--batch 32 --length 128 --rounds 15 --threads 0";
  private static final int WARM_UP = 3;
  private static final double TARGET = 1.0;

  /** Weights of the linear layers that every token is multiplied with: 6 (4 384^2 + 8 384^2). */
  private static final double MATMUL_WEIGHTS = 6.0 * 12 * 384 * 384;

  private static final String OURS = "Adapt4J";
  private static final String ONNX = "ONNX Runtime";
  private static final int LAYERS = 6;
  private static final int HIDDEN = 384;

  private final int batch;
  private final int length;
  private final int rounds;

  private EmbeddingBenchmark(Arguments arguments) {
    batch = arguments.number("--batch", 1);
    length = arguments.number("--length", 3);
    rounds = arguments.number("--rounds", 1);
  }

  /**
   * Options: {@code --batch}, {@code --length} in tokens, {@code --rounds}, {@code --threads} (0:
   * the engine's choice).
   */
  public static void main(String[] line) throws IOException, OrtException {
    new EmbeddingBenchmark(Arguments.parse(line, OPTIONS).useThreads()).run();
  }

  private void run() throws IOException, OrtException {
    MatmulCeiling ceiling = new MatmulCeiling(DType.F32);
    ceiling.measure();
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      MiniLm.write(folder.path());
      List<String> texts = texts(folder.path());
      try (TextEmbedder ours = TextEmbedder.load(ModelSource.path(folder.path()), Precision.FP32);
          OnnxMiniLm onnx = new OnnxMiniLm(folder.path(), ours.maxTokens(), Torch.threads())) {
        Turns turns =
            new Turns(WARM_UP, rounds)
                .add(OURS, i -> time(ours::embedAll, texts))
                .add(ONNX, i -> time(onnx::embed, texts))
                .run();
        ceiling.measure();
        double difference = Vectors.largestDifference(ours.embedAll(texts), onnx.embed(texts));
        report(turns, difference, ceiling);
      }
    }
  }

  /** Returns texts of random single-token words. */
  private List<String> texts(Path folder) {
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      List<String> words =
          IntStream.range(0, tokenizer.vocabularySize())
              .mapToObj(tokenizer::token)
              .filter(token -> token.matches("[a-z]{3,}"))
              .toList();
      SplittableRandom random = new SplittableRandom(1);
      List<String> texts =
          IntStream.range(0, batch)
              .mapToObj(
                  row ->
                      IntStream.range(0, length - 2)
                          .mapToObj(i -> words.get(random.nextInt(words.size())))
                          .collect(Collectors.joining(" ")))
              .toList();
      for (int[] ids : tokenizer.encodeAll(texts, true)) {
        if (ids.length != length) {
          throw new IllegalStateException("A text has " + ids.length + " tokens, not " + length);
        }
      }
      return texts;
    }
  }

  private static double time(Function<List<String>, List<float[]>> embedding, List<String> texts) {
    return Timing.seconds(
        () -> {
          if (embedding.apply(texts).size() != texts.size()) {
            throw new IllegalStateException("Texts were lost");
          }
        });
  }

  private void report(Turns turns, double difference, MatmulCeiling ceiling) {
    Samples ours = turns.of(OURS);
    Samples onnx = turns.of(ONNX);
    double flops = 2.0 * batch * length * (MATMUL_WEIGHTS + 2.0 * LAYERS * length * HIDDEN);
    Report report = new Report("Sentence embeddings, all-MiniLM-L6-v2, fp32");
    report.line("ONNX Runtime", "%s", OnnxMiniLm.version());
    report.line(
        "setting", "%d texts of %d tokens a call, %d rounds in turns", batch, length, rounds);
    line(report, OURS, ours);
    line(report, ONNX, onnx);
    report.figure(
        turns
            .ratio(ONNX, OURS)
            .largerRatio("of ONNX Runtime")
            .target(TARGET)
            .label("sentence embeddings, all-MiniLM-L6-v2, fp32: over ONNX Runtime"));
    report.line(
        "", "median of the rounds' ratios; of the best rounds %.3f", onnx.least() / ours.least());
    report.line("matrix products", "%.1f GFLOP/s, fp32 ceiling", ceiling.flops() / 1e9);
    report.line(
        "of the ceiling",
        "%.3f (ONNX Runtime %.3f), medians",
        flops / ours.median() / ceiling.flops(),
        flops / onnx.median() / ceiling.flops());
    report.keep(
        ours.errorOf(
            Measurement.largerRatio(
                "of the matmul ceiling", flops / ours.median() / ceiling.flops())));
    Samples rates = ours.map(seconds -> batch / seconds);
    report.keep(
        rates
            .larger("speed", "texts/s")
            .label("sentence embeddings, all-MiniLM-L6-v2, fp32: texts of " + length + " tokens"));
    report.line("largest difference", "%.1e between entries of the vectors", difference);
    report.line("peak resident", "%.2f GB of the process", Machine.peakResident() / 1e9);
    report.print();
  }

  private void line(Report report, String name, Samples seconds) {
    report.line(
        name,
        "%.1f texts/s median (%.0f ms a call, best %.0f ms)",
        batch / seconds.median(),
        seconds.median() * 1e3,
        seconds.least() * 1e3);
  }
}
