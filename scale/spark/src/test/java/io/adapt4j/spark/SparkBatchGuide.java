package io.adapt4j.spark;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.task.Task;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.spark.data.ShardedData;
import io.adapt4j.spark.data.SparkDatasets;
import io.adapt4j.spark.eval.SparkCandidate;
import io.adapt4j.spark.ml.ClassifyAdapterEstimator;
import io.adapt4j.spark.ml.ClassifyTransformer;
import io.adapt4j.spark.ml.EmbedTransformer;
import io.adapt4j.spark.ml.GenerateTransformer;
import io.adapt4j.spark.ml.ScoreTransformer;
import io.adapt4j.spark.rag.IngestedDocuments;
import io.adapt4j.spark.rag.SparkIngestion;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/** The code of docs/spark-batch.md, which {@link SparkBatchPageTest} compares with the page. */
final class SparkBatchGuide {

  private SparkBatchGuide() {}

  static void embed(org.apache.spark.sql.Dataset<Row> mails) throws Exception {
    EmbedTransformer embed =
        new EmbedTransformer()
            .setModelPath("/models/all-MiniLM-L6-v2")
            .setInputCol("body")
            .setOutputType("vector");
    KMeans topics = new KMeans().setK(20).setFeaturesCol("embedding");
    PipelineModel pipeline =
        new Pipeline().setStages(new PipelineStage[] {embed, topics}).fit(mails);
    pipeline.write().overwrite().save("hdfs:///pipelines/topics");
    pipeline.transform(mails).write().parquet("hdfs:///mails/topics");
    System.out.println(embed.metrics());
  }

  static void generate(org.apache.spark.sql.Dataset<Row> tickets) {
    GenerateTransformer answer =
        new GenerateTransformer()
            .setModelPath("/models/SmolLM2-135M-Instruct")
            .setAdapterPath("/models/support-adapter")
            .setInputCol("question")
            .setSystemMessage("Answer in one sentence.")
            .setMaxNewTokens(100)
            .setDetailsCol("details");
    org.apache.spark.sql.Dataset<Row> answers = answer.transform(tickets);
    answers.filter("completion_error is not null").show();
  }

  static void others(String model) {
    ClassifyTransformer intent =
        new ClassifyTransformer().setModelPath("/models/banking77").setScoresCol("scores");
    ScoreTransformer rerank =
        new ScoreTransformer()
            .setModelPath("/models/ms-marco-MiniLM-L6-v2")
            .setScorer(ScoreTransformer.Scorer.PAIR)
            .setInputCol("query")
            .setCandidateCol("passage");
    System.out.println(List.of(intent, rerank, model));
  }

  static void sort(org.apache.spark.sql.Dataset<Row> rows, ScoreTransformer rerank) {
    org.apache.spark.sql.Dataset<Row> scored =
        rerank.transform(rows).persist(StorageLevel.MEMORY_AND_DISK());
    scored.orderBy("score").show();
  }

  static void estimate(org.apache.spark.sql.Dataset<Row> rows) {
    ClassifyAdapterEstimator estimator =
        new ClassifyAdapterEstimator()
            .setModelPath("/models/base")
            .setOutputPath("/mnt/shared/runs/intents")
            .setInputCol("text")
            .setOutputCol("label")
            .setOrderCol("id")
            .setEpochs(3);
    ClassifyTransformer intents = estimator.fit(rows);
    intents.transform(rows).select("text", "predicted_label").show();
  }

  static Dataset shards(org.apache.spark.sql.Dataset<Row> tickets) {
    ShardedData data =
        SparkDatasets.of(tickets)
            .orderBy("id")
            .fields("prompt", "completion")
            .write("hdfs:///training/tickets");
    Dataset rows = data.open(Path.of("/tmp/shards"), options -> options);
    return rows;
  }

  static void index(
      org.apache.spark.sql.Dataset<Row> pages, LocalEmbeddings embeddings, Path folder) {
    SparkIngestion ingestion = SparkIngestion.with("/models/all-MiniLM-L6-v2").metadata("language");
    org.apache.spark.sql.Dataset<Row> embedded = ingestion.embed(pages).persist();
    try (LuceneIndex index =
        LuceneIndex.builder(folder)
            .embeddings(embeddings.identity(), embeddings.dimension())
            .open()) {
      IngestedDocuments stored = ingestion.store(embedded, index);
      System.out.println(stored);
    }
  }

  static void evaluate(SparkSession session, List<Task> tasks) {
    Evaluator evaluator = Evaluator.builder().tasks(tasks).batch(10_000, 10_000).build();
    EvaluationReport report =
        evaluator.evaluate(SparkCandidate.of(session, "/models/base").adapter("/models/tuned"));
    System.out.println(report.results().get(0).metrics());
  }
}
