package io.adapt4j.spark.ml;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.spark.LocalSpark;
import io.adapt4j.spark.SmallBert;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.SparkException;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.feature.Normalizer;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedTransformerTest {

  @TempDir private static Path folder;

  private static final List<String> TEXTS = texts();

  @BeforeAll
  static void model() throws IOException {
    SmallBert.embedder(folder);
  }

  private static EmbedTransformer transformer() {
    return new EmbedTransformer().setModelPath(folder.toString());
  }

  @Test
  void vectorsAreThoseOfTheLibraryInEveryPartitioningAndWindow() {
    Map<String, List<Float>> expected = new LinkedHashMap<>();
    try (TextEmbedder embedder = TextEmbedder.load(ModelSource.path(folder))) {
      embedder.batchInvariant(true);
      List<float[]> vectors = embedder.embedAll(TEXTS);
      IntStream.range(0, TEXTS.size())
          .forEach(i -> expected.put(TEXTS.get(i), floats(vectors.get(i))));
    }

    assertThat(vectors(transformer(), 1)).isEqualTo(expected);
    assertThat(vectors(transformer().setWindowSize(7), 3)).isEqualTo(expected);
    assertThat(vectors(transformer().setWindowSize(1), 5)).isEqualTo(expected);
  }

  @Test
  void rowsKeepTheirOrderAndColumns() {
    Dataset<Row> rows =
        LocalSpark.texts("text", TEXTS, 1)
            .withColumn("id", functions.monotonically_increasing_id());

    List<Row> found = transformer().setWindowSize(10).transform(rows).collectAsList();

    List<Row> before = rows.collectAsList();
    assertThat(found).extracting(row -> row.getLong(1)).isEqualTo(ids(before));
    assertThat(found.get(0).schema().fieldNames())
        .containsExactly("text", "id", "embedding", "embedding_error");
  }

  private static List<Long> ids(List<Row> rows) {
    return rows.stream().map(row -> row.getLong(1)).toList();
  }

  @Test
  void rowsWithoutATextHaveNoVectorAndAreCounted() {
    EmbedTransformer transformer = transformer();
    Dataset<Row> rows = LocalSpark.texts("text", Arrays.asList("a cat", null, "the dog ran"), 1);

    List<Row> found = transformer.transform(rows).collectAsList();

    assertThat(found).extracting(row -> row.isNullAt(1)).containsOnlyOnce(true);
    assertThat(found).allSatisfy(row -> assertThat(row.isNullAt(2)).isTrue());
    BatchMetrics metrics = transformer.metrics();
    assertThat(metrics.rows()).isEqualTo(3);
    assertThat(metrics.nulls()).isEqualTo(1);
    assertThat(metrics.errors()).isZero();
    // Two words and three words, each with [CLS] and [SEP].
    assertThat(metrics.tokens()).isEqualTo(4 + 5);
    assertThat(metrics.time()).isPositive();
  }

  @Test
  void vectorsOfSparkFeedTheStagesOfAPipelineThatIsSavedAndLoaded(@TempDir Path saved)
      throws IOException {
    EmbedTransformer embed = transformer().setOutputType("vector").setWindowSize(5);
    Normalizer next = new Normalizer().setInputCol("embedding").setOutputCol("unit");
    Dataset<Row> rows = LocalSpark.texts("text", TEXTS.subList(0, 5), 2);
    PipelineModel pipeline = new Pipeline().setStages(new PipelineStage[] {embed, next}).fit(rows);

    pipeline.write().overwrite().save(saved.resolve("pipeline").toString());
    PipelineModel loaded = PipelineModel.load(saved.resolve("pipeline").toString());

    assertThat(((EmbedTransformer) loaded.stages()[0]).extractParamMap().toString())
        .isEqualTo(embed.extractParamMap().toString());
    List<Row> found = loaded.transform(rows).collectAsList();
    assertThat(found).isEqualTo(pipeline.transform(rows).collectAsList());
    assertThat(found.get(0).<Vector>getAs("unit").size()).isEqualTo(64);
  }

  @Test
  void aPromptThatTheModelDoesNotHaveFailsTheJob() {
    Dataset<Row> rows = LocalSpark.texts("text", TEXTS.subList(0, 3), 1);
    assertThatThrownBy(() -> transformer().setPromptName("query").transform(rows).count())
        .isInstanceOf(SparkException.class)
        .hasMessageContaining("promptName: expected one of [], found 'query'");
  }

  @Test
  void aModelThatIsNotThereFailsTheJobAndSaysWhatToDo() {
    Dataset<Row> rows = LocalSpark.texts("text", TEXTS.subList(0, 3), 1);
    assertThatThrownBy(() -> transformer().setModelPath("nowhere").transform(rows).count())
        .isInstanceOf(SparkException.class)
        .hasMessageContaining("modelPath: expected a path that this executor sees, found nothing")
        .hasMessageContaining("sparkContext.addFile");
  }

  @Test
  void columnsAreCheckedByNameBeforeAJobStarts() {
    Dataset<Row> rows = LocalSpark.texts("text", TEXTS, 1).withColumn("number", functions.lit(1));
    assertThatThrownBy(() -> transformer().setInputCol("body").transform(rows))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("inputCol: expected the name of a column, found 'body'; the columns")
        .hasMessageContaining("[text, number]");
    assertThatThrownBy(() -> transformer().setInputCol("number").transform(rows))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("inputCol: expected a string in column 'number', found int");
    assertThatThrownBy(() -> transformer().setOutputCol("TEXT").transform(rows))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("outputCol: expected the name of a new column, found 'TEXT'");
    assertThatThrownBy(() -> transformer().setErrorCol("embedding").transform(rows))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("errorCol: expected the name of a new column, found 'embedding'");
    assertThatThrownBy(() -> new EmbedTransformer().transform(rows))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("modelPath: expected the folder of a model, found none");
    refuses(IllegalArgumentException.class, () -> transformer().setWindowSize(0));
  }

  private static Map<String, List<Float>> vectors(EmbedTransformer transformer, int partitions) {
    Map<String, List<Float>> found = new LinkedHashMap<>();
    for (Row row :
        transformer.transform(LocalSpark.texts("text", TEXTS, partitions)).collectAsList()) {
      found.put(row.getString(0), row.<Float>getList(1));
    }
    return found;
  }

  private static List<Float> floats(float[] vector) {
    return IntStream.range(0, vector.length).mapToObj(i -> vector[i]).toList();
  }

  private static List<String> texts() {
    List<String> words = List.of("cat", "dog", "sat", "ran", "mat", "fast", "slow");
    return IntStream.range(0, 40)
        .mapToObj(i -> "a " + String.join(" ", words.subList(i % 7, 7)) + " red".repeat(i / 7))
        .distinct()
        .toList();
  }
}
