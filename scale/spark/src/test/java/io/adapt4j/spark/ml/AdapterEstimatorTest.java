package io.adapt4j.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.lora.Lora;
import io.adapt4j.spark.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdapterEstimatorTest {

  private static final int ROWS = 12;

  private static final List<String> PROMPTS =
      IntStream.range(0, ROWS).mapToObj(i -> "Tim saw number %02d".formatted(i)).toList();

  private static Dataset<Row> rows(int partitions) {
    return LocalSpark.texts("prompt", PROMPTS, partitions)
        .withColumn("completion", functions.lit(" and went home."))
        .withColumn("kind", functions.expr("if(prompt like '%1%', 'one', 'other')"));
  }

  @Test
  void theAdapterIsThatOfOneProcessOnTheSameRows(@TempDir Path folder) throws IOException {
    GenerateTransformer model = estimator(folder.resolve("spark")).setPacking(true).fit(rows(3));
    FineTuner.builder()
        .model(ModelSource.path(LocalSpark.STORIES))
        .dataset(
            Datasets.of(
                PROMPTS.stream()
                    .map(prompt -> new Example.PromptCompletion(prompt, " and went home."))
                    .toList()))
        .method(Lora.rank(2))
        .output(folder.resolve("alone"))
        .epochs(1)
        .batchSize(2)
        .precision(Precision.FP32)
        .packing(true)
        .seed(3)
        .maxSteps(3)
        .maxLength(64)
        .learningRate(1e-3)
        .build()
        .run();

    Path adapter = Path.of(model.getOrDefault(model.adapterPath()));
    assertThat(Files.readAllBytes(adapter.resolve("adapter_model.safetensors")))
        .isEqualTo(
            Files.readAllBytes(
                folder.resolve("alone/" + adapter.getFileName() + "/adapter_model.safetensors")));
    assertThat(model.setMaxNewTokens(4).transform(rows(2)).collectAsList())
        .hasSize(ROWS)
        .allSatisfy(row -> assertThat(row.<String>getAs("predicted_completion")).isNotNull());
  }

  private static GenerateAdapterEstimator estimator(Path output) {
    return new GenerateAdapterEstimator()
        .setModelPath(LocalSpark.STORIES.toString())
        .setOutputPath(output.toString())
        .setOrderCol("prompt")
        .setPrecision(Precision.FP32)
        .setRank(2)
        .setBatchSize(2)
        .setMaxSteps(3)
        .setMaxLength(64)
        .setSeed(3)
        .setLearningRate(1e-3);
  }

  @Test
  void aClassifierIsTrainedInAPipelineThatIsSavedAndLoaded(@TempDir Path folder)
      throws IOException {
    ClassifyAdapterEstimator estimator =
        new ClassifyAdapterEstimator()
            .setModelPath(LocalSpark.STORIES.toString())
            .setOutputPath(folder.resolve("run").toString())
            .setInputCol("prompt")
            .setOutputCol("kind")
            .setOrderCol("prompt")
            .setRank(2)
            .setMaxSteps(2);

    PipelineModel model = new Pipeline().setStages(new PipelineStage[] {estimator}).fit(rows(2));
    model.write().save(folder.resolve("pipeline").toString());

    List<Row> found =
        PipelineModel.load(folder.resolve("pipeline").toString())
            .transform(rows(2))
            .collectAsList();
    assertThat(found)
        .hasSize(ROWS)
        .allSatisfy(row -> assertThat(row.<String>getAs("predicted_kind")).isIn("one", "other"));
    assertThat(found).isEqualTo(model.transform(rows(2)).collectAsList());
  }

  @Test
  void anotherTrainerGetsTheTuning(@TempDir Path folder) {
    Path adapter = folder.resolve("elsewhere");
    GenerateTransformer model =
        estimator(folder.resolve("run"))
            .setTrainer(
                (session, tuning) -> {
                  assertThat(tuning.build().plan().text()).contains("3 steps over 12 examples");
                  return adapter;
                })
            .fit(rows(2));
    assertThat(model.getOrDefault(model.adapterPath())).isEqualTo(adapter.toString());
    assertThat(model.hasParent()).isTrue();
  }

  @Test
  void columnsAndPathsAreCheckedByName() {
    assertThatThrownBy(() -> new GenerateAdapterEstimator().fit(rows(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("outputPath: expected both, found neither");
    assertThatThrownBy(() -> estimator(Path.of("nowhere")).setOutputCol("answer").fit(rows(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("outputCol: expected the name of a column, found 'answer'");
  }
}
