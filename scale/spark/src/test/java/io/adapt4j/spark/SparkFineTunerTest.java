package io.adapt4j.spark;

import static net.bytebuddy.matcher.ElementMatchers.named;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.lora.Lora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.description.modifier.Visibility;
import net.bytebuddy.implementation.ExceptionMethod;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training on the threads of a local session, and what is refused. */
class SparkFineTunerTest {

  private static final Path MODEL = Path.of("..", "..", "examples", "models", "stories260K");

  @TempDir static Path folder;

  private static Path data;

  @BeforeAll
  static void write() throws IOException {
    data = folder.resolve("data.jsonl");
    Files.writeString(
        data,
        IntStream.range(0, 16)
            .mapToObj(row -> "{\"prompt\": \"Once %s\", \"completion\": \" a cat\"}".formatted(row))
            .collect(Collectors.joining("\n")));
  }

  private static SparkSession session() {
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

  private static FineTuner.Builder run(String output, int microBatches) {
    return FineTuner.builder()
        .model(ModelSource.path(MODEL))
        .dataset(Datasets.jsonl(data).split(0.75, 0.25, 0, 1))
        .method(Lora.rank(2))
        .batchSize(2)
        .gradientAccumulation(microBatches)
        .epochs(2)
        .output(folder.resolve(output));
  }

  @Test
  void theReportIsThatOfOneProcess() {
    FineTuneReport expected = run("plain", 3).keepBest().build().run();
    SparkFineTuneReport found =
        SparkFineTuner.of(session()).workers(2).fit(run("spark", 3).keepBest());
    assertThat(found.steps()).isEqualTo(expected.steps());
    assertThat(found.firstLoss()).isEqualTo(expected.firstLoss());
    assertThat(found.lastLoss()).isEqualTo(expected.lastLoss());
    assertThat(found.bestValidationLoss()).isEqualTo(expected.bestValidationLoss());
    assertThat(found.workers()).isEqualTo(2);
    assertThat(found.attempts()).isEqualTo(1);
    assertThat(found.failures()).isEmpty();
    assertThat(found.bytesPerStep()).isPositive();
    assertThat(found.best().resolve("adapter_model.safetensors"))
        .hasSameBinaryContentAs(expected.best().resolve("adapter_model.safetensors"));
  }

  @Test
  void aRunGoesOnWithAnotherNumberOfWorkers() {
    FineTuneReport expected = run("whole", 2).build().run();
    run("cut", 2).maxSteps(2).build();
    FineTuner.Builder first = run("cut", 2);
    SparkFineTuner.of(session()).workers(2).fit(first);
    SparkFineTuneReport again = SparkFineTuner.of(session()).workers(1).fit(run("cut", 2).resume());
    assertThat(again.lastLoss()).isEqualTo(expected.lastLoss());
  }

  @Test
  void compressedGradientsTrainAsWellButNotTheSame() {
    SparkFineTuneReport exact = SparkFineTuner.of(session()).workers(2).fit(run("exact", 4));
    SparkFineTuneReport compressed =
        SparkFineTuner.of(session()).workers(2).compressGradients().fit(run("compressed", 4));
    assertThat(compressed.bytesPerStep()).isLessThan(exact.bytesPerStep() / 2);
    assertThat(compressed.lastLoss())
        .isNotEqualTo(exact.lastLoss())
        .isCloseTo(exact.lastLoss(), withinPercentage(5));
  }

  @Test
  void moreWorkersThanSlotsAreRefusedAtOnce() {
    long begun = System.nanoTime();
    assertThatThrownBy(() -> SparkFineTuner.of(session()).workers(3).fit(run("slots", 3)))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining(
            "3 workers need as many tasks at the same time, and the cluster runs 2")
        .hasMessageContaining("take 2 workers");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void dynamicAllocationIsRefusedWithTheRemedy() {
    SparkConf conf = session().sparkContext().conf();
    conf.set("spark.dynamicAllocation.enabled", "true");
    try {
      assertThatThrownBy(() -> SparkFineTuner.of(session()).workers(2).fit(run("dynamic", 2)))
          .isInstanceOf(SettingsException.class)
          .hasMessageContaining("spark.dynamicAllocation.enabled is true")
          .hasMessageContaining("spark.executor.instances");
    } finally {
      conf.remove("spark.dynamicAllocation.enabled");
    }
    assertThat(folder.resolve("dynamic")).doesNotExist();
  }

  @Test
  void sessionsWithoutRddsAreRefusedWithTheRemedy() throws ReflectiveOperationException {
    SparkSession connect =
        new ByteBuddy()
            .subclass(SparkSession.class)
            .modifiers(Visibility.PUBLIC)
            .method(named("sparkContext"))
            .intercept(
                ExceptionMethod.throwing(
                    UnsupportedOperationException.class,
                    "sparkContext is not supported in Spark Connect"))
            .make()
            .load(SparkFineTunerTest.class.getClassLoader())
            .getLoaded()
            .getConstructor()
            .newInstance();
    assertThatThrownBy(() -> SparkFineTuner.of(connect).fit(run("connect", 2)))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("Spark Connect, or serverless, and has no RDDs")
        .hasMessageContaining("classic session");
    assertThat(folder.resolve("connect")).doesNotExist();
  }

  @Test
  void moreWorkersThanMicroBatchesAreRefusedWithTheRemedy() {
    assertThatThrownBy(() -> SparkFineTuner.of(session()).workers(2).fit(run("few", 1)))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("gradientAccumulation to at least 2");
  }

  @Test
  void dataInMemoryIsRefused() {
    FineTuner.Builder rows =
        FineTuner.builder()
            .model(ModelSource.path(MODEL))
            .method(Lora.rank(2))
            .output(folder.resolve("rows"))
            .dataset(Datasets.of(List.of(new Example.Text("Once upon"))));
    assertThatThrownBy(() -> SparkFineTuner.of(session()).fit(rows))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("data: rows in memory");
  }

  @Test
  void optionsAreChecked() {
    SparkFineTuner tuner = SparkFineTuner.of(session());
    assertThatThrownBy(() -> tuner.workers(0)).hasMessageContaining("at least 1");
    assertThatThrownBy(() -> tuner.patience(Duration.ZERO)).hasMessageContaining("above zero");
    assertThatThrownBy(() -> tuner.port(80)).hasMessageContaining("1024");
  }

  @Test
  void thePlanSaysWhatExecutorsNeed() {
    ScaleOutPlan plan = SparkFineTuner.of(session()).plan(run("planned", 4), 1);
    assertThat(plan.microBatches()).isEqualTo(4);
    assertThat(plan.counts()).extracting(ScaleOutPlan.Workers::workers).containsExactly(1, 2, 4);
    assertThat(plan.text()).contains("spark.executor.memoryOverhead=");
    assertThat(folder.resolve("planned")).doesNotExist();
  }
}
