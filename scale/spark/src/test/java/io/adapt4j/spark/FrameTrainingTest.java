package io.adapt4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.spark.data.ShardedData;
import io.adapt4j.spark.data.SparkDatasets;
import io.adapt4j.spark.ml.GenerateAdapterEstimator;
import io.adapt4j.spark.ml.GenerateTransformer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training on the rows of DataFrames. */
class FrameTrainingTest {

  private static final String WEIGHTS = "adapter_model.safetensors";

  @TempDir Path folder;

  private static List<String> prompts(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> "Once %02d".formatted(i) + " upon".repeat(i % 5))
        .toList();
  }

  private static Dataset<Row> frame(int from, int to, int partitions) {
    return LocalSpark.texts("prompt", prompts(from, to), partitions)
        .withColumn("completion", functions.lit(" a girl liked it."));
  }

  private static io.adapt4j.core.data.Dataset rows(int from, int to) {
    return Datasets.of(
        prompts(from, to).stream()
            .map(prompt -> new Example.PromptCompletion(prompt, " a girl liked it."))
            .toList());
  }

  private FineTuner.Builder run(String output) {
    return FineTuner.builder()
        .model(ModelSource.path(LocalSpark.STORIES))
        .method(Lora.rank(2))
        .precision(Precision.FP32)
        .batchSize(2)
        .gradientAccumulation(3)
        .learningRate(1e-2)
        .epochs(2)
        .seed(3)
        .output(folder.resolve(output));
  }

  private static SparkFineTuner tuner() {
    return SparkFineTuner.of(LocalSpark.session()).workers(2);
  }

  private static SparkDatasets ordered(int from, int to, int partitions) {
    return SparkDatasets.of(frame(from, to, partitions)).orderBy("prompt");
  }

  /** Writes down what it is told. */
  private static final class Heard implements TrainingListener {

    private final List<String> events = new ArrayList<>();

    @Override
    public void started(RunStart event) {
      events.add("started " + event.totalSteps() + " " + event.trainExamples());
    }

    @Override
    public void step(StepEvent event) {
      events.add("step " + event.step() + " " + event.loss() + " " + event.gradientNorm());
    }

    @Override
    public void evaluated(EvaluationEvent event) {
      events.add("evaluated " + event.loss());
    }

    @Override
    public void checkpointSaved(CheckpointEvent event) {
      events.add("saved " + event.step() + " " + event.path().getFileName());
    }

    @Override
    public void ended(RunEnd event) {
      events.add("ended " + event.reason() + " " + event.steps());
    }
  }

  @Test
  void weightsAndEventsAreThoseOfOneProcessOnTheSameRows() {
    for (UnaryOperator<FineTuner.Builder> way :
        List.<UnaryOperator<FineTuner.Builder>>of(
            builder -> builder, builder -> builder.packing(true).maxLength(64))) {
      String name = "run" + folder.toFile().list().length;
      Heard expected = new Heard();
      FineTuneReport alone =
          way.apply(run(name + "-alone").listener(expected))
              .dataset(new Split(rows(0, 26), rows(26, 31)))
              .build()
              .run();
      Heard found = new Heard();
      SparkFineTuneReport spark =
          tuner()
              .data(ordered(0, 26, 3))
              .validation(ordered(26, 31, 2))
              .fit(way.apply(run(name).listener(found)));
      assertThat(spark.last().resolve(WEIGHTS))
          .hasSameBinaryContentAs(alone.last().resolve(WEIGHTS));
      assertThat(spark.bestValidationLoss()).isEqualTo(alone.bestValidationLoss());
      assertThat(found.events).isEqualTo(expected.events);
    }
  }

  @Test
  void aRunThatGoesOnKeepsItsRowsAndOneThatOverwritesWritesThemAgain() throws Exception {
    tuner().data(ordered(0, 12, 2)).fit(run("kept"));
    Path manifest = folder.resolve("kept/data/data/_shards.json");
    String before = Files.readString(manifest);
    assertThatThrownBy(() -> tuner().data(ordered(20, 32, 2)).fit(run("kept")))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("of another run")
        .hasMessageContaining("overwriteOutput()");
    tuner().data(ordered(20, 32, 2)).fit(run("kept").resume());
    assertThat(Files.readString(manifest)).isEqualTo(before);

    SparkFineTuneReport again = tuner().data(ordered(20, 32, 2)).fit(run("kept").overwriteOutput());
    FineTuneReport alone = run("alone").dataset(rows(20, 32)).build().run();
    assertThat(again.lastLoss()).isEqualTo(alone.lastLoss());
    assertThat(Files.readString(manifest)).isNotEqualTo(before);
  }

  @Test
  void columnsAreRefusedByName() {
    assertRefused(frame(0, 4, 1).drop("prompt"), "'completion' string", "prompt");
    assertThatThrownBy(() -> SparkDatasets.of(frame(0, 4, 1)).fields("prompt", "answer"))
        .hasMessageContaining("'answer'");
    assertRefused(
        frame(0, 4, 1).withColumnRenamed("completion", "reply"),
        "'reply' string",
        "column 'completion' is missing");
    assertRefused(
        frame(0, 4, 1).withColumn("prompt", functions.lit(7L)),
        "column 'prompt': expected a string or messages, found bigint");
    assertRefused(
        frame(0, 4, 1).withColumn("completion", functions.expr("cast('a' as binary)")),
        "'completion' binary",
        "completion");
    assertRefused(
        frame(0, 9, 2)
            .withColumn("completion", functions.expr("if(prompt like '%03%', null, 'a')")),
        "column 'completion': expected a value in each row, found null in 1 of 9",
        "na().drop()");
    assertRefused(frame(0, 4, 1).filter("false"), "data: frame: expected at least one row");
    assertThat(folder.resolve("refused/data/data")).doesNotExist();
  }

  private void assertRefused(Dataset<Row> frame, String... texts) {
    assertThatThrownBy(() -> tuner().data(frame).fit(run("refused")))
        .isInstanceOf(SettingsException.class)
        .satisfies(e -> assertThat(e.getMessage()).contains(texts));
  }

  @Test
  void validationWithoutDataAndNoOutputAreRefused() {
    assertThatThrownBy(() -> tuner().validation(frame(0, 4, 1)).fit(run("nothing")))
        .hasMessageContaining("validation(...) needs data(...)");
    assertThatThrownBy(() -> tuner().data(frame(0, 4, 1)).fit(FineTuner.builder()))
        .hasMessageContaining("no output");
  }

  @Test
  void anEstimatorTrainsOnWorkers() {
    GenerateAdapterEstimator estimator =
        new GenerateAdapterEstimator()
            .setModelPath(LocalSpark.STORIES.toString())
            .setOutputPath(folder.resolve("estimator").toString())
            .setOrderCol("prompt")
            .setPrecision(Precision.FP32)
            .setRank(2)
            .setBatchSize(2)
            .setEpochs(2)
            .setSeed(3)
            .setLearningRate(1e-2)
            .setTuning(tuning -> tuning.gradientAccumulation(3))
            .setTrainer(tuner());
    GenerateTransformer model = estimator.fit(frame(0, 14, 3));
    FineTuneReport alone = run("alone").dataset(rows(0, 14)).build().run();
    assertThat(Path.of(model.getOrDefault(model.adapterPath())).resolve(WEIGHTS))
        .hasSameBinaryContentAs(alone.last().resolve(WEIGHTS));
  }

  @Test
  void shardsThatWereWrittenBeforeAreTrainedOnWithEveryTask() {
    ShardedData shards =
        SparkDatasets.of(
                frame(0, 12, 2)
                    .select(
                        functions.col("prompt").as("text"),
                        functions.expr("if(prompt like '%upon%', 'long', 'short')").as("label")))
            .orderBy("text")
            .write(folder.resolve("shards").toUri().toString());
    FineTuner.Builder spark =
        run("classes").task(io.adapt4j.core.task.Task.classification()).epochs(1);
    FineTuner.Builder alone =
        run("classes-alone").task(io.adapt4j.core.task.Task.classification()).epochs(1);
    SparkFineTuneReport found = tuner().data(shards).fit(spark);
    assertThat(found.lastLoss()).isEqualTo(alone.dataset(shards.open()).build().run().lastLoss());
  }
}
