import ai.onnxruntime.OrtException;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.retrieval.OnnxMiniLm;
import io.adapt4j.benchmarks.retrieval.Vectors;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.internal.metric.NumberErrors;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.rag.embed.MiniLm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Quality of all-MiniLM-L6-v2's embeddings on the STS benchmark (Cer et al. 2017), compared with
 * ONNX Runtime: Spearman's rank correlation of cosines with human scores. The published result on
 * the test split is 0.8203.
 */
public final class StsBenchmark {

  private static final int SCORE = 4;
  private static final int FIRST = 5;
  private static final int SECOND = 6;
  private static final int CHUNK = 16;
  private static final double TOLERANCE = 1e-4;

  /** Tolerance of a correlation for rounding. */
  private static final double ROUNDING = 1e-3;

  static final String DEV = "../shared/data/stsb/sts-dev.csv";

  private StsBenchmark() {}

  /** Takes the path of a split of the STS benchmark, tab separated. */
  public static void main(String[] line) throws IOException, OrtException {
    if (line.length != 1) {
      System.err.println("Usage: StsBenchmark STS_CSV");
      System.exit(2);
    }
    List<String[]> rows =
        Files.readAllLines(Path.of(line[0])).stream().map(row -> row.split("\t")).toList();
    List<String> texts = new ArrayList<>();
    rows.forEach(row -> texts.add(row[FIRST]));
    rows.forEach(row -> texts.add(row[SECOND]));
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      MiniLm.write(folder.path());
      try (TextEmbedder ours = TextEmbedder.load(ModelSource.path(folder.path()), Precision.FP32);
          OnnxMiniLm onnx = new OnnxMiniLm(folder.path(), ours.maxTokens(), Torch.threads())) {
        report(line[0], rows, ours.embedAll(texts), inChunks(onnx, texts));
      }
    }
  }

  private static List<float[]> inChunks(OnnxMiniLm onnx, List<String> texts) {
    List<float[]> vectors = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += CHUNK) {
      vectors.addAll(onnx.embed(texts.subList(from, Math.min(texts.size(), from + CHUNK))));
    }
    return vectors;
  }

  private static void report(
      String file, List<String[]> rows, List<float[]> ours, List<float[]> onnx) {
    double[] scores = rows.stream().mapToDouble(row -> Double.parseDouble(row[SCORE])).toArray();
    double difference = Vectors.largestDifference(ours, onnx);
    Report report = new Report("STS benchmark, all-MiniLM-L6-v2, fp32");
    report.line("pairs", "%d of %s", rows.size(), Path.of(file).getFileName());
    report.figure(
        Measurement.larger("Spearman", "", NumberErrors.spearman(cosines(ours), scores))
            .plusMinus(ROUNDING));
    report.line("ONNX Runtime", "Spearman %.4f", NumberErrors.spearman(cosines(onnx), scores));
    report.figure(
        Measurement.smaller("largest difference to ONNX Runtime's vectors", "", difference)
            .plusMinus(TOLERANCE)
            .target(TOLERANCE));
    report.print();
  }

  /** Computes cosines of unit vectors. */
  private static double[] cosines(List<float[]> vectors) {
    int pairs = vectors.size() / 2;
    double[] cosines = new double[pairs];
    for (int pair = 0; pair < pairs; pair++) {
      cosines[pair] = Vectors.product(vectors.get(pair), vectors.get(pairs + pair));
    }
    return cosines;
  }
}
