package io.adapt4j.spark.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.spark.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparkDatasetsTest {

  private static final List<String> TEXTS =
      IntStream.range(0, 50).mapToObj(i -> "row %02d of \"all\"\nrows".formatted(i)).toList();

  @Test
  void rowsHaveTheSameOrderHoweverSparkCutsThem(@TempDir Path folder) {
    List<Example> expected = new ArrayList<>();
    TEXTS.forEach(text -> expected.add(new Example.Text(text)));

    for (int partitions : new int[] {1, 4, 7}) {
      List<String> shuffled = new ArrayList<>(TEXTS);
      Collections.shuffle(shuffled, new Random(partitions));
      ShardedData data =
          SparkDatasets.of(LocalSpark.texts("text", shuffled, partitions))
              .orderBy("text")
              .shards(partitions)
              .write(folder.resolve("data " + partitions).toString());

      assertThat(data.rows()).isEqualTo(50);
      assertThat(data.shards()).isBetween(1, partitions);
      assertThat(examples(data.open())).isEqualTo(expected);
    }
  }

  @Test
  void columnsAreFieldsAndTheKeyCanStayOut(@TempDir Path folder) throws IOException {
    org.apache.spark.sql.Dataset<Row> rows =
        LocalSpark.texts("prompt", TEXTS, 3)
            .withColumn("completion", functions.lit("yes"))
            .withColumn("key.with.dots", functions.length(functions.col("prompt")))
            .withColumn("nothing", functions.expr("cast(null as string)"));
    String path = folder.resolve("data").toUri().toString();

    SparkDatasets.of(rows)
        .orderBy("key.with.dots", "prompt")
        .fields("prompt", "completion", "nothing")
        .write(path);
    Dataset found = ShardedData.at(path).open();

    assertThat(found.get(0)).isEqualTo(new Example.PromptCompletion(TEXTS.get(0), "yes"));
    assertThat(found.source(0).orElseThrow().fields()).containsExactly("prompt", "completion");
    assertThat(found.size()).isEqualTo(50);
  }

  @Test
  void aWorkerCopiesShardsAndChecksThem(@TempDir Path folder) throws IOException {
    ShardedData data = write(folder.resolve("data"), 2);
    Path cache = folder.resolve("cache");

    List<Example> copied = examples(data.open(cache, options -> options));

    assertThat(copied).isEqualTo(examples(data.open()));
    Path shard = onlyShard(folder.resolve("data"));
    // Hadoop's own checksum beside it.
    Files.deleteIfExists(shard.resolveSibling("." + shard.getFileName() + ".crc"));
    Files.writeString(shard, Files.readString(shard).replace("row 0", "row 9"));
    assertThatThrownBy(() -> data.open(folder.resolve("other"), options -> options))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the file has changed since it was written");
    // What was copied before stays.
    assertThat(examples(data.open(cache, options -> options))).isEqualTo(copied);
  }

  private static ShardedData write(Path folder, int partitions) {
    return SparkDatasets.of(LocalSpark.texts("text", TEXTS, partitions))
        .orderBy("text")
        .shards(1)
        .write(folder.toString());
  }

  private static Path onlyShard(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().matches("part-.*jsonl"))
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void equalRowsInEqualShardsHaveOneDigest(@TempDir Path folder) {
    ShardedData first = write(folder.resolve("first"), 2);
    assertThat(write(folder.resolve("second"), 5).digest()).isEqualTo(first.digest());
    assertThat(ShardedData.at(folder.resolve("first").toString())).isEqualTo(first);
  }

  @Test
  void whatIsWrongIsSaidByName(@TempDir Path folder) {
    org.apache.spark.sql.Dataset<Row> rows = LocalSpark.texts("text", TEXTS, 2);
    String path = folder.resolve("data").toString();
    assertThatThrownBy(() -> ShardedData.at(path))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("expected shards with a _shards.json, found none");
    assertThatThrownBy(() -> SparkDatasets.of(rows).orderBy("id"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("orderBy: expected names of columns, found 'id'; the columns are [text]");
    assertThatThrownBy(() -> SparkDatasets.of(rows).shards(2).write(path))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("shards: expected an order as well");
    assertThatThrownBy(() -> SparkDatasets.of(rows.filter("text = ''")).write(path))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("frame: expected at least one row, found none");
    SparkDatasets.of(rows).write(path);
    assertThatThrownBy(() -> SparkDatasets.of(rows).write(path))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("expected a folder without data, found some");
  }

  private static List<Example> examples(Dataset data) {
    return IntStream.range(0, data.size()).mapToObj(data::get).toList();
  }
}
