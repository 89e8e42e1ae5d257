package io.adapt4j.spark;

import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.spark.ml.EmbedTransformer;
import java.io.IOException;
import java.util.List;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Groups texts by meaning: embeddings of all-MiniLM-L6-v2, then the k-means of Spark ML. */
public final class ExampleNearestTexts {

  private static final List<String> TEXTS =
      List.of(
          "My card has not arrived yet.",
          "When will I receive my new card?",
          "The cash machine kept my card.",
          "How do I change my PIN?",
          "I forgot my PIN.",
          "Can I choose the number that I type at the till?",
          "Why was I charged a fee for this transfer?",
          "The transfer cost more than I expected.",
          "Are payments abroad free of charge?");

  private ExampleNearestTexts() {}

  /** Runs the example in this process. */
  public static void main(String[] args) throws IOException {
    String model = MiniLm.folder().toString();
    try (SparkSession session =
        SparkSession.builder().master("local[2]").config("spark.ui.enabled", false).getOrCreate()) {
      Dataset<Row> texts = session.createDataset(TEXTS, Encoders.STRING()).toDF("text");
      EmbedTransformer embed = new EmbedTransformer().setModelPath(model).setOutputType("vector");
      KMeans groups = new KMeans().setK(3).setSeed(1).setFeaturesCol("embedding");
      Dataset<Row> found =
          new Pipeline().setStages(new PipelineStage[] {embed, groups}).fit(texts).transform(texts);
      found.select("prediction", "text").orderBy("prediction").show(false);
      System.out.println(embed.metrics());
    }
  }
}
