package io.adapt4j.spark;

import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.spark.ml.EmbedTransformer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Compares the texts a second of an {@link EmbedTransformer} on {@code local[*]} with those of the
 * library alone on the same cores, in turns, with all-MiniLM-L6-v2 and texts of 3 to 100 words.
 *
 * <p>Arguments: texts (2048), turns (2).
 */
public final class EmbedRate {

  private static final String[] WORDS = {
    "the", "order", "of", "return", "river", "house", "bank", "model", "train", "data", "green"
  };

  private EmbedRate() {}

  /** Prints a line a turn, and the median of the ratios. */
  public static void main(String[] args) throws IOException {
    int count = args.length > 0 ? Integer.parseInt(args[0]) : 2048;
    int turns = args.length > 1 ? Integer.parseInt(args[1]) : 2;
    List<String> texts = texts(count);
    Path folder = MiniLm.folder();
    try (SparkSession session =
            SparkSession.builder()
                .master("local[*]")
                .config("spark.ui.enabled", false)
                .getOrCreate();
        TextEmbedder embedder = TextEmbedder.load(ModelSource.path(folder))) {
      int slots = session.sparkContext().defaultParallelism();
      Dataset<Row> rows =
          session.createDataset(texts, Encoders.STRING()).toDF("text").repartition(slots).cache();
      rows.count();
      EmbedTransformer invariant = new EmbedTransformer().setModelPath(folder.toString());
      EmbedTransformer plain =
          new EmbedTransformer().setModelPath(folder.toString()).setBatchInvariant(false);
      run(rows.limit(100), invariant);
      run(rows.limit(100), plain);
      embedder.embedAll(texts.subList(0, Math.min(100, count)));
      double[] ratios = new double[turns];
      double[] plainRatios = new double[turns];
      for (int turn = 0; turn < turns; turn++) {
        double alone = rate(count, () -> embedder.embedAll(texts));
        double onSpark = rate(count, () -> run(rows, invariant));
        double onSparkPlain = rate(count, () -> run(rows, plain));
        ratios[turn] = onSpark / alone;
        plainRatios[turn] = onSparkPlain / alone;
        System.out.printf(
            "library %.0f texts/s, transformer %.0f (%.3f), without batch invariance %.0f (%.3f)%n",
            alone, onSpark, ratios[turn], onSparkPlain, plainRatios[turn]);
      }
      Arrays.sort(ratios);
      Arrays.sort(plainRatios);
      System.out.printf(
          "median ratio %.3f, without batch invariance %.3f, %d slots%n",
          ratios[turns / 2], plainRatios[turns / 2], slots);
    }
  }

  private static void run(Dataset<Row> rows, EmbedTransformer transformer) {
    // Counts vectors, which have to be there for it.
    transformer.transform(rows).filter("size(embedding) > 0").count();
  }

  private static double rate(int texts, Runnable work) {
    long start = System.nanoTime();
    work.run();
    return texts / ((System.nanoTime() - start) / 1e9);
  }

  private static List<String> texts(int count) {
    Random random = new Random(1);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int words = 3 + (int) Math.min(97, Math.abs(random.nextGaussian()) * 25);
      texts.add(
          String.join(
              " ",
              IntStream.range(0, words)
                  .mapToObj(word -> WORDS[random.nextInt(WORDS.length)])
                  .toList()));
    }
    return texts;
  }
}
