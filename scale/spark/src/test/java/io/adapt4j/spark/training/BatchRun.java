package io.adapt4j.spark.training;

import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.spark.data.ShardedData;
import io.adapt4j.spark.data.SparkDatasets;
import io.adapt4j.spark.ml.EmbedTransformer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Batch work and sharded data on executors. */
final class BatchRun {

  private static final List<String> TEXTS =
      IntStream.range(0, 60)
          .mapToObj(i -> "a cat" + " sat".repeat(i % 7) + " on the mat".repeat(i % 3) + " " + i)
          .toList();

  private BatchRun() {}

  /** Answers with what differs from the same work in this process. */
  static String answer(SparkSession session, Path folder) {
    Dataset<Row> rows = session.createDataset(TEXTS, Encoders.STRING()).toDF("text").repartition(4);
    return "executors %d different %d shards equal %s"
        .formatted(
            executors(session).size(),
            different(folder, rows),
            shardsAreEqual(folder, session, rows));
  }

  private static Set<Long> executors(SparkSession session) {
    return new TreeSet<>(
        JavaSparkContext.fromSparkContext(session.sparkContext())
            .parallelize(IntStream.range(0, 8).boxed().toList(), 8)
            .map(
                number -> {
                  // Long enough that all executors get some.
                  Thread.sleep(200);
                  return ProcessHandle.current().pid();
                })
            .collect());
  }

  private static int different(Path folder, Dataset<Row> rows) {
    Path model = folder.resolve("model");
    int different = 0;
    try (TextEmbedder embedder = TextEmbedder.load(ModelSource.path(model))) {
      embedder.batchInvariant(true);
      List<Row> found =
          new EmbedTransformer()
              .setModelPath(model.toString())
              .setWindowSize(6)
              .transform(rows)
              .collectAsList();
      for (Row row : found) {
        float[] expected = embedder.embed(row.getString(0));
        List<Float> vector = row.getList(1);
        float[] values = new float[vector.size()];
        IntStream.range(0, values.length).forEach(i -> values[i] = vector.get(i));
        different += Arrays.equals(values, expected) ? 0 : 1;
      }
      return found.size() == TEXTS.size() ? different : -1;
    }
  }

  /** Whether executors read the rows that were written, in the order that was asked for. */
  private static boolean shardsAreEqual(Path folder, SparkSession session, Dataset<Row> rows) {
    ShardedData data =
        SparkDatasets.of(rows).orderBy("text").write(folder.resolve("data").toString());
    List<List<String>> read =
        JavaSparkContext.fromSparkContext(session.sparkContext())
            .parallelize(List.of(0, 1), 2)
            .map(worker -> texts(data))
            .collect();
    List<String> sorted = TEXTS.stream().sorted().toList();
    return read.get(0).equals(sorted) && read.get(1).equals(sorted);
  }

  private static List<String> texts(ShardedData data) {
    io.adapt4j.core.data.Dataset rows = data.open();
    List<String> texts = new ArrayList<>();
    for (int row = 0; row < rows.size(); row++) {
      texts.add(((Example.Text) rows.get(row)).text());
    }
    return texts;
  }
}
