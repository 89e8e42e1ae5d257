package io.adapt4j.core.train.spi;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.RunRecorder;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs whose loss is one from outside. */
class TrainingObjectiveTest {

  @TempDir private Path folder;
  private Path model;
  private long before;
  private final RunRecorder events = new RunRecorder();

  @BeforeEach
  void writeModel() throws IOException {
    model = SmallModel.write(folder.resolve("model"));
    before = Tensor.live();
  }

  @AfterEach
  void nothingStaysOpen() {
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** Cross-entropy of the tokens that follow. */
  private static class NextToken implements TrainingObjective {

    @Override
    public String name() {
      return "next token";
    }

    @Override
    public Optional<ObjectiveSample> encode(Example row, Tokenizer tokenizer, int maxLength) {
      int[] text = tokenizer.encode(((Example.Text) row).text(), true);
      int[] tokens = Arrays.copyOf(text, text.length + 1);
      tokens[text.length] = tokenizer.eosId().orElseThrow();
      float[] targets = new float[text.length];
      for (int i = 0; i < targets.length; i++) {
        targets[i] = tokens[i + 1];
      }
      return Optional.of(
          new ObjectiveSample(tokens, IntStream.range(0, text.length).toArray(), targets));
    }

    @Override
    public double loss(ObjectiveBatch batch) {
      double sum = 0;
      int row = 0;
      for (ObjectiveSample sample : batch.samples()) {
        for (float target : sample.targets()) {
          double total = 0;
          for (int token = 0; token < batch.columns(); token++) {
            total += Math.exp(batch.output(row, token));
          }
          sum += Math.log(total) - batch.output(row, (int) target);
          for (int token = 0; token < batch.columns(); token++) {
            batch.addGradient(row, token, Math.exp(batch.output(row, token)) / total);
          }
          batch.addGradient(row, (int) target, -1);
          row++;
        }
      }
      return sum;
    }
  }

  /** Squared error of a number a text. */
  private static class Squared implements TrainingObjective {

    @Override
    public String name() {
      return "squared";
    }

    @Override
    public int textOutputs() {
      return 1;
    }

    @Override
    public Optional<ObjectiveSample> encode(Example row, Tokenizer tokenizer, int maxLength) {
      Example.Classified classified = (Example.Classified) row;
      int[] tokens = tokenizer.encodeTruncated(classified.text(), maxLength);
      return Optional.of(
          ObjectiveSample.ofText(tokens, Float.parseFloat(classified.labels().get(0))));
    }

    @Override
    public double loss(ObjectiveBatch batch) {
      double sum = 0;
      for (int row = 0; row < batch.rows(); row++) {
        double off = batch.output(row, 0) - batch.samples().get(row).targets()[0];
        batch.addGradient(row, 0, 2 * off);
        sum += off * off;
      }
      return sum;
    }

    @Override
    public List<String> metrics() {
      return List.of("close");
    }

    @Override
    public Map<String, Double> measure(ObjectiveBatch batch) {
      double close = 0;
      for (int row = 0; row < batch.rows(); row++) {
        close += Math.abs(batch.output(row, 0) - batch.samples().get(row).targets()[0]) < 1 ? 1 : 0;
      }
      return Map.of("close", close / batch.rows());
    }
  }

  private static Dataset numbers() {
    return Datasets.of(
        IntStream.range(0, 24)
            .mapToObj(
                i ->
                    (Example)
                        new Example.Classified(
                            i % 2 == 0 ? "Lily had a red ball." : "Tom ran to the big dog.",
                            Optional.empty(),
                            List.of(String.valueOf(i % 2 * 2 - 1))))
            .toList());
  }

  private FineTuner.Builder tuner(String output, Task task, Dataset data) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .method(FullFineTuning.create())
        .task(task)
        .dataset(data.split(0.7, 0.3, 0, 1))
        .precision(Precision.FP32)
        .epochs(2)
        .batchSize(3)
        .learningRate(2e-3)
        .saveEvery(Interval.steps(3))
        .output(folder.resolve(output));
  }

  /** One batch an epoch, since tasks put rows together in different orders. */
  private void assertTrainsAlike(Task ours, Task theirs, Dataset data) {
    FineTuneReport expected =
        tuner("ours", ours, data)
            .headWarmStart(false)
            .epochs(4)
            .batchSize(24)
            .listener(events)
            .build()
            .run();
    List<Double> losses = events.losses();
    events.steps.clear();
    FineTuneReport found =
        tuner("theirs", theirs, data).epochs(4).batchSize(24).listener(events).build().run();
    assertThat(found.initialValidationLoss().orElseThrow())
        .isCloseTo(expected.initialValidationLoss().orElseThrow(), within(1e-5));
    assertThat(events.losses()).hasSameSizeAs(losses);
    for (int step = 0; step < losses.size(); step++) {
      assertThat(events.losses().get(step)).isCloseTo(losses.get(step), within(1e-4));
    }
    assertThat(losses.get(losses.size() - 1)).isLessThan(losses.get(0));
  }

  @Test
  void crossEntropyFromOutsideTrainsAsTheBuiltInTask() {
    assertTrainsAlike(Task.nextTokens(), Task.custom(new NextToken()), SmallModel.sentences(24));
  }

  @Test
  void squaredErrorFromOutsideTrainsAsTheBuiltInTask() {
    assertTrainsAlike(Task.regression(), Task.custom(new Squared()), numbers());
  }

  @Test
  void theBestCheckpointIsChosenByAMetricAndReadsTexts() {
    FineTuneReport report =
        tuner("run", Task.custom(new Squared()), numbers())
            .epochs(6)
            .keepBest()
            .metricForBestModel("close")
            .build()
            .run();
    assertThat(report.bestMetrics()).containsEntry("close", 1.0);
    try (TextClassifier scorer = TextClassifier.load(ModelSource.path(report.best()))) {
      assertThat(scorer.labels()).containsExactly("LABEL_0");
    }
  }

  @Test
  void aRunThatWasStoppedGoesOnToTheBit() throws IOException {
    Task task = Task.custom(new NextToken());
    FineTuneReport whole = tuner("whole", task, SmallModel.sentences(24)).build().run();
    FineTuner[] running = new FineTuner[1];
    TrainingListener stop =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            if (event.step() == 5) {
              running[0].stop();
            }
          }
        };
    running[0] = tuner("cut", task, SmallModel.sentences(24)).listener(stop).build();
    running[0].run();
    assertThatThrownBy(() -> tuner("cut", task, SmallModel.sentences(23)).resume().build().run())
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("training data: was");
    FineTuneReport rest = tuner("cut", task, SmallModel.sentences(24)).resume().build().run();
    assertThat(Files.readAllBytes(rest.last().resolve("model.safetensors")))
        .isEqualTo(Files.readAllBytes(whole.last().resolve("model.safetensors")));
  }

  @Test
  void rowsThatAreNotEncodedAreLeftOutAndCounted() {
    TrainingObjective some =
        new NextToken() {
          @Override
          public Optional<ObjectiveSample> encode(Example row, Tokenizer tokenizer, int limit) {
            return super.encode(row, tokenizer, limit)
                .filter(sample -> !((Example.Text) row).text().contains("dog"));
          }
        };
    assertThat(tuner("run", Task.custom(some), SmallModel.sentences(24)).build().plan())
        .satisfies(
            plan -> {
              assertThat(plan.leftOut()).isPositive();
              assertThat(plan.trainExamples()).isLessThan(17).isPositive();
            });
  }

  @Test
  void aRowThatCannotBeUsedIsNamed() {
    TrainingObjective strict =
        new NextToken() {
          @Override
          public Optional<ObjectiveSample> encode(Example row, Tokenizer tokenizer, int limit) {
            throw new IllegalArgumentException("expected a question, found " + row);
          }
        };
    assertRefused(strict, "expected a question, found Text[text=Once upon a time");
  }

  @Test
  void aSampleThatDoesNotFitItsOutputsIsRefused() {
    assertRefused(
        new NextToken() {
          @Override
          public Optional<ObjectiveSample> encode(Example row, Tokenizer tokenizer, int limit) {
            return Optional.of(ObjectiveSample.ofText(new int[] {5}));
          }
        },
        "expected at least one position for this task, found 0 positions");
    assertRefused(
        new NextToken() {
          @Override
          public Optional<ObjectiveSample> encode(Example row, Tokenizer tokenizer, int limit) {
            return Optional.of(ObjectiveSample.ofText(new int[limit + 1]));
          }
        },
        "expected at most 64 tokens for this task, found 65");
  }

  private void assertRefused(TrainingObjective objective, String message) {
    FineTuner tuner =
        tuner("run", Task.custom(objective), SmallModel.sentences(24)).overwriteOutput().build();
    refuses(SettingsException.class, tuner::run, "row ", message);
  }

  @Test
  void aLossThatIsNotFiniteFailsTheRun() {
    ToDoubleFunction<ObjectiveBatch> loss = batch -> Double.NaN;
    TrainingObjective broken =
        new NextToken() {
          @Override
          public double loss(ObjectiveBatch batch) {
            return loss.applyAsDouble(batch);
          }
        };
    FineTuner tuner = tuner("run", Task.custom(broken), SmallModel.sentences(24)).build();
    assertThatThrownBy(tuner::run)
        .isInstanceOf(TrainingException.class)
        .hasMessage("objective next token: expected a finite loss of finite outputs, found NaN");
  }
}
