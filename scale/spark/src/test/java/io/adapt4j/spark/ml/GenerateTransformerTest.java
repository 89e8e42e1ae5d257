package io.adapt4j.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.spark.LocalSpark;
import io.adapt4j.spark.internal.model.ModelPool;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateTransformerTest {

  private static final List<String> PROMPTS =
      List.of(
          "Once upon a time",
          "Lily saw a big red ball",
          "The dog ran to the park and",
          "One day, Tim and his mom went to",
          "It was a sunny day",
          "Max wanted to play",
          "\"Look!\" said the cat",
          "The little girl was sad because");

  private static GenerateTransformer transformer() {
    return new GenerateTransformer()
        .setModelPath(LocalSpark.STORIES.toString())
        .setMaxNewTokens(12)
        .setDetailsCol("details");
  }

  @Test
  void answersAreThoseOfTheLibraryInEveryPartitioningAndBatch() {
    Map<String, List<Integer>> expected = new LinkedHashMap<>();
    try (LanguageModel model = LanguageModel.load(ModelSource.path(LocalSpark.STORIES))) {
      GenerationOptions options = GenerationOptions.greedy().toBuilder().maxNewTokens(12).build();
      for (String prompt : PROMPTS) {
        Generation answer = model.generate(prompt, options, piece -> {});
        expected.put(prompt, answer.tokenIds());
      }
    }

    assertThat(tokenIds(transformer(), 1)).isEqualTo(expected);
    assertThat(tokenIds(transformer().setRequests(3).setWindowSize(4), 3)).isEqualTo(expected);
    assertThat(tokenIds(transformer().setRequests(1), 2)).isEqualTo(expected);
  }

  @Test
  void sampledAnswersDependOnSeedAndPromptAndNotOnTheirPlace() {
    GenerationOptions sampled =
        GenerationOptions.greedy().toBuilder().maxNewTokens(12).temperature(1.2).seed(5).build();
    GenerateTransformer transformer = transformer().setOptions(sampled);
    assertThat(transformer.options()).isEqualTo(sampled);

    Map<String, List<Integer>> answers = tokenIds(transformer, 1);

    assertThat(tokenIds(transformer, 3)).isEqualTo(answers);
    assertThat(
            tokenIds(
                transformer
                    .copy(new org.apache.spark.ml.param.ParamMap())
                    .setOptions(sampled.toBuilder().seed(6).build()),
                1))
        .isNotEqualTo(answers);
  }

  @Test
  void aColumnCanVaryTheSeedOfEqualPrompts() {
    GenerateTransformer transformer =
        transformer()
            .setOptions(
                GenerationOptions.greedy().toBuilder().maxNewTokens(12).temperature(1.5).build());
    Dataset<Row> rows =
        LocalSpark.texts("prompt", List.of("Once upon a time", "Once upon a time"), 1)
            .withColumn("number", functions.monotonically_increasing_id());

    assertThat(completions(transformer.transform(rows))).hasSize(2).satisfies(this::equalTexts);
    List<String> varied = completions(transformer.setSeedCol("number").transform(rows));
    assertThat(varied.get(0)).isNotEqualTo(varied.get(1));
  }

  private void equalTexts(List<? extends String> texts) {
    assertThat(texts.get(0)).isEqualTo(texts.get(1));
  }

  private static List<String> completions(Dataset<Row> rows) {
    return rows.collectAsList().stream().map(row -> row.<String>getAs("completion")).toList();
  }

  @Test
  void rowsThatCannotBeAnsweredHaveAnErrorAndTheOthersGoOn() {
    String tooLong = "the cat sat on the mat and ".repeat(200);
    Dataset<Row> rows =
        LocalSpark.texts("prompt", Arrays.asList("Once upon", tooLong, null, "Lily"), 1);
    GenerateTransformer transformer = transformer();

    List<Row> found = transformer.transform(rows).collectAsList();

    Map<String, Row> byPrompt = new LinkedHashMap<>();
    found.forEach(row -> byPrompt.put(String.valueOf(row.getString(0)), row));
    Row failed = byPrompt.get(tooLong);
    assertThat(failed.<String>getAs("completion")).isNull();
    assertThat(failed.<String>getAs("completion_error")).contains("tokens");
    Row none = byPrompt.get("null");
    assertThat(none.<String>getAs("completion")).isNull();
    assertThat(none.<String>getAs("completion_error")).isNull();
    assertThat(byPrompt.get("Lily").<String>getAs("completion")).isNotEmpty();
    assertThat(transformer.metrics().toString())
        .startsWith("BatchMetrics[rows=4, nulls=1, errors=1, tokens=");
    assertThat(transformer.setHandleInvalid("skip").transform(rows).count()).isEqualTo(3);
    assertThatThrownBy(() -> transformer.setHandleInvalid("error").transform(rows).count())
        .isInstanceOf(SparkException.class)
        .hasMessageContaining("tokens");
  }

  @Test
  void oneModelServesAllTasksAndIsClosedWhenItHasBeenIdle() throws InterruptedException {
    ModelPool.shared().closeIdle();
    GenerateTransformer transformer = transformer().setIdleSeconds(1);

    transformer.transform(LocalSpark.texts("prompt", PROMPTS, 4)).collectAsList();

    assertThat(ModelPool.shared().size()).isEqualTo(1);
    for (int i = 0; i < 100 && ModelPool.shared().size() > 0; i++) {
      Thread.sleep(50);
    }
    assertThat(ModelPool.shared().size()).isZero();
  }

  @Test
  void optionsWithoutAParameterAreRefused() {
    GenerationOptions biased =
        GenerationOptions.greedy().toBuilder().logitBias(Map.of(1, -100.0)).build();
    assertThatThrownBy(() -> transformer().setOptions(biased))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("options: expected none but those that executors know");
  }

  @Test
  void aSavedTransformerHasTheSameParameters(@TempDir Path folder) throws Exception {
    GenerateTransformer transformer =
        transformer().setSystemMessage("Be brief.").setRaw(true).setPromptCacheBytes(7);
    transformer.set(transformer.stopStrings(), new String[] {"\n", "."});
    String path = folder.resolve("saved").toString();
    LocalSpark.session();

    transformer.save(path);
    GenerateTransformer loaded = GenerateTransformer.load(path);

    assertThat(loaded.uid()).isEqualTo(transformer.uid());
    assertThat(loaded.options()).isEqualTo(transformer.options());
    assertThat(loaded.explainParams().replaceAll("\\[Ljava.lang.String;@\\w+", "strings"))
        .isEqualTo(transformer.explainParams().replaceAll("\\[Ljava.lang.String;@\\w+", "strings"));
  }

  private static Map<String, List<Integer>> tokenIds(
      GenerateTransformer transformer, int partitions) {
    Dataset<Row> rows = transformer.transform(LocalSpark.texts("prompt", PROMPTS, partitions));
    Map<String, List<Integer>> found = new LinkedHashMap<>();
    for (Row row : rows.collectAsList()) {
      assertThat(row.<String>getAs("completion_error")).isNull();
      found.put(row.getString(0), new ArrayList<>(row.<Row>getAs("details").getList(2)));
    }
    return found;
  }
}
