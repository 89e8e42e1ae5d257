package io.adapt4j.spark;

import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A session of two cores in this process, which all tests share. */
public final class LocalSpark {

  /** A small model of children's stories, with a tokenizer. */
  public static final Path STORIES = Path.of("..", "..", "examples", "models", "stories260K");

  private LocalSpark() {}

  /** The session, which ends with the process. */
  public static SparkSession session() {
    return SparkSession.builder()
        .master("local[2]")
        .appName("tests")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.warehouse.dir", "target/warehouse")
        .config("spark.driver.host", "localhost")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate();
  }

  /** A DataFrame of a column of texts, in a partition or more. */
  public static Dataset<Row> texts(String column, List<String> texts, int partitions) {
    return session()
        .createDataset(texts, Encoders.STRING())
        .toDF(column)
        .coalesce(1)
        .repartition(partitions);
  }
}
