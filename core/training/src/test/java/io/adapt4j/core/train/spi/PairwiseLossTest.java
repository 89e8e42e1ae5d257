package io.adapt4j.core.train.spi;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.task.PreferenceTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.RunRecorder;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run whose preference loss is one from outside. */
class PairwiseLossTest {

  private static final List<String> NAMES = List.of("Lily", "Tom", "The dog", "A bird", "Ben");

  @TempDir private Path folder;
  private Path model;
  private long before;

  @BeforeEach
  void writeModel() throws IOException {
    model = SmallModel.write(folder.resolve("model"));
    before = Tensor.live();
  }

  @AfterEach
  void nothingStaysOpen() {
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** Rafailov et al. 2023, equation 7. */
  private record Sigmoid(double beta) implements PairwiseLoss {

    @Override
    public String name() {
      return "sigmoid";
    }

    @Override
    public String options() {
      return "beta=" + beta;
    }

    @Override
    public boolean usesReference() {
      return true;
    }

    @Override
    public Term term(Pair pair) {
      double chosen = pair.chosen() - pair.referenceChosen();
      double rejected = pair.rejected() - pair.referenceRejected();
      double z = beta * (chosen - rejected);
      double slope = -beta / (1 + Math.exp(z));
      return new Term(Math.log1p(Math.exp(-z)), slope, -slope);
    }
  }

  /** Computes what a test says, without a reference. */
  private record Computing(double beta, Function<Pair, Term> formula) implements PairwiseLoss {

    @Override
    public String name() {
      return "computing";
    }

    @Override
    public boolean usesReference() {
      return false;
    }

    @Override
    public Term term(Pair pair) {
      return formula.apply(pair);
    }
  }

  private static Dataset pairs() {
    return Datasets.of(
        IntStream.range(0, 20)
            .mapToObj(
                i ->
                    (Example)
                        new Example.Preference(
                            NAMES.get(i % NAMES.size()) + " saw",
                            " a big red ball " + "and a car ".repeat(i % 3),
                            " the rain."))
            .toList());
  }

  private FineTuner.Builder tuner(String output, Task task) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .method(FullFineTuning.create())
        .task(task)
        .dataset(pairs().split(0.8, 0.2, 0, 1))
        .epochs(3)
        .batchSize(4)
        .learningRate(2e-3)
        .saveEvery(Interval.steps(2))
        .output(folder.resolve(output));
  }

  private List<Double> losses(String output, PreferenceLoss loss) {
    RunRecorder events = new RunRecorder();
    tuner(output, precomputed(loss)).listener(events).build().run();
    return events.losses();
  }

  private static PreferenceTask precomputed(PreferenceLoss loss) {
    return Task.preference(loss).reference(Reference.precomputed());
  }

  @Test
  void dpoAsALossFromOutsideTrainsAsTheBuiltInOne() {
    List<Double> ours = losses("ours", PreferenceLoss.dpo(0.3));
    List<Double> theirs = losses("theirs", PreferenceLoss.custom(new Sigmoid(0.3)));
    assertThat(theirs).hasSameSizeAs(ours).hasSize(12);
    for (int step = 0; step < ours.size(); step++) {
      assertThat(theirs.get(step)).as("step " + step).isCloseTo(ours.get(step), within(1e-6));
    }
    assertThat(theirs.get(11)).isLessThan(theirs.get(0));
  }

  @Test
  void aPairHasItsTokensAndNoReferenceWhereNoneIsUsed() {
    PairwiseLoss loss =
        new Computing(
            1,
            pair -> {
              assertThat(pair.referenceChosen()).isZero();
              assertThat(pair.referenceRejected()).isZero();
              assertThat(pair.chosen()).isNegative();
              assertThat(pair.chosenTokens()).isGreaterThan(pair.rejectedTokens());
              double difference = pair.rejected() - pair.chosen();
              return new PairwiseLoss.Term(difference, -1, 1);
            });
    RunRecorder events = new RunRecorder();
    Task task = Task.preference(PreferenceLoss.custom(loss));
    tuner("run", task).listener(events).maxSteps(4).build().run();
    StepEvent last = events.steps.get(3);
    assertThat(last.loss()).isCloseTo(-last.metrics().get("margin"), within(1e-6));
  }

  @Test
  void aRunThatWasStoppedGoesOnToTheBit() throws IOException {
    Task task = precomputed(PreferenceLoss.custom(new Sigmoid(0.3)));
    FineTuneReport whole = tuner("whole", task).build().run();
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
    running[0] = tuner("cut", task).listener(stop).build();
    running[0].run();
    Task other = precomputed(PreferenceLoss.custom(new Sigmoid(0.2)));
    assertThatThrownBy(() -> tuner("cut", other).resume().build().run())
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("custom sigmoid [beta=0.3]");
    FineTuneReport rest = tuner("cut", task).resume().build().run();
    assertThat(Files.readAllBytes(rest.last().resolve("model.safetensors")))
        .isEqualTo(Files.readAllBytes(whole.last().resolve("model.safetensors")));
  }

  @Test
  void aTermThatIsNotFiniteIsNamedWithItsPair() {
    PairwiseLoss loss = new Computing(1, pair -> new PairwiseLoss.Term(0, Double.NaN, 0));
    FineTuner tuner = tuner("run", Task.preference(PreferenceLoss.custom(loss))).build();
    assertThatThrownBy(tuner::run)
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("loss computing: expected finite numbers, found Term[")
        .hasMessageContaining("chosenTokens=");
  }

  @Test
  void aLossThatComparesNeedsAReferenceThatStays() {
    Task task = Task.preference(PreferenceLoss.custom(new Sigmoid(0.3)));
    refuses(SettingsException.class, () -> tuner("run", task).build(), "Reference.precomputed()");
  }

  @Test
  void rewardsNeedABetaAboveZero() {
    refuses(IllegalArgumentException.class, () -> PreferenceLoss.custom(new Sigmoid(0)), "beta");
  }

  @Test
  void aRecordOfTheRunSaysThatItIsCode() {
    Task task = precomputed(PreferenceLoss.custom(new Sigmoid(0.3)));
    FineTuneReport report = tuner("run", task).maxSteps(1).build().run();
    assertThatThrownBy(() -> FineTuner.repeat(report.last()))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("task: a reward, a loss or a task of your own is code");
  }
}
