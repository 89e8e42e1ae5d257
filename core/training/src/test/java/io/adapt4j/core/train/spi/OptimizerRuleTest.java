package io.adapt4j.core.train.spi;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.optim.OptimizerStates;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run whose optimizer is a rule from outside. */
class OptimizerRuleTest {

  private static final double RATE = 1e-3;
  private static final double DECAY = 0.1;

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

  /** The update of Loshchilov and Hutter 2019, algorithm 2. */
  private record Rule(double beta1, double beta2, double eps) implements OptimizerRule {

    @Override
    public String name() {
      return "adamw in Java";
    }

    @Override
    public String options() {
      return "beta1=" + beta1 + ", beta2=" + beta2 + ", eps=" + eps;
    }

    @Override
    public List<String> moments() {
      return List.of("mean", "square");
    }

    @Override
    public void update(ParameterUpdate parameter) {
      FloatBuffer mean = parameter.moment("mean");
      FloatBuffer square = parameter.moment("square");
      double rate = parameter.learningRate();
      double first = 1 - Math.pow(beta1, parameter.step());
      double second = 1 - Math.pow(beta2, parameter.step());
      for (int i = 0; i < parameter.count(); i++) {
        double g = parameter.gradient().get(i);
        double m = beta1 * mean.get(i) + (1 - beta1) * g;
        double v = beta2 * square.get(i) + (1 - beta2) * g * g;
        mean.put(i, (float) m);
        square.put(i, (float) v);
        double decayed = parameter.value().get(i) * (1 - rate * parameter.weightDecay());
        double step = rate * (m / first) / (Math.sqrt(v / second) + eps);
        parameter.value().put(i, (float) (decayed - step));
      }
    }
  }

  /** Does with a parameter what a test says. */
  private record Doing(List<String> moments, Consumer<ParameterUpdate> action)
      implements OptimizerRule {

    @Override
    public String name() {
      return "doing";
    }

    @Override
    public void update(ParameterUpdate parameter) {
      action.accept(parameter);
    }
  }

  private static final class Losses implements TrainingListener {

    private final Map<Integer, Double> bySteps = new TreeMap<>();

    @Override
    public void step(StepEvent event) {
      bySteps.put(event.step(), event.loss());
    }
  }

  private FineTuner.Builder tuner(String output, Optimizer optimizer) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .method(FullFineTuning.create())
        .dataset(SmallModel.sentences(24).split(0.7, 0.3, 0, 1))
        .epochs(2)
        .batchSize(3)
        .learningRate(RATE)
        .weightDecay(DECAY)
        .optimizer(optimizer)
        .saveEvery(Interval.steps(3))
        .output(folder.resolve(output));
  }

  private Map<Integer, Double> losses(String output, Optimizer optimizer) {
    Losses losses = new Losses();
    tuner(output, optimizer).listener(losses).build().run();
    return losses.bySteps;
  }

  private static byte[] weights(FineTuneReport report) throws IOException {
    return Files.readAllBytes(report.last().resolve("model.safetensors"));
  }

  @Test
  void adamWAsARuleTrainsAsTheBuiltInOne() {
    Map<Integer, Double> ours = losses("ours", Optimizer.adamW());
    Map<Integer, Double> theirs = losses("theirs", Optimizer.custom(new Rule(0.9, 0.999, 1e-8)));
    assertThat(theirs).hasSize(12);
    theirs.forEach((step, loss) -> assertThat(loss).isCloseTo(ours.get(step), within(1e-5)));
    assertThat(theirs.get(12)).isLessThan(theirs.get(1));
  }

  @Test
  void aRunThatWasStoppedGoesOnToTheBit() throws IOException {
    Optimizer rule = Optimizer.custom(new Rule(0.9, 0.999, 1e-8));
    FineTuneReport whole = tuner("whole", rule).build().run();
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
    running[0] = tuner("cut", rule).listener(stop).build();
    running[0].run();
    FineTuneReport rest = tuner("cut", rule).resume().build().run();
    assertThat(weights(rest)).isEqualTo(weights(whole));
  }

  @Test
  void aRunDoesNotGoOnUnderOtherOptions() {
    tuner("run", Optimizer.custom(new Rule(0.9, 0.999, 1e-8))).maxSteps(3).build().run();
    FineTuner other =
        tuner("run", Optimizer.custom(new Rule(0.9, 0.95, 1e-8))).maxSteps(3).resume().build();
    refuses(TrainingException.class, other::run, "adamw in Java [beta1=0.9, beta2=0.999");
  }

  @Test
  void biasesAndNormsAreNotDecayedAndStepsCountFromOne() {
    Set<String> decayed = new HashSet<>();
    Set<String> others = new HashSet<>();
    Set<Integer> steps = new HashSet<>();
    OptimizerRule rule =
        new Doing(
            List.of(),
            parameter -> {
              (parameter.weightDecay() == DECAY ? decayed : others).add(parameter.name());
              steps.add(parameter.step());
              assertThat(parameter.learningRate()).isBetween(0.0, RATE);
            });
    tuner("run", Optimizer.custom(rule)).maxSteps(2).build().run();
    assertThat(others).isNotEmpty().allMatch(name -> name.contains("norm"));
    assertThat(decayed).contains("lm_head.weight", "model.layers.1.self_attn.k_proj.weight");
    assertThat(steps).containsExactly(1, 2);
  }

  @Test
  void theGradientIsReadOnlyAndUnknownMomentsAreNamed() {
    refuses(ReadOnlyBufferException.class, () -> run(parameter -> parameter.gradient().put(0, 1f)));
    assertThatThrownBy(() -> run(parameter -> parameter.moment("variance")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("moment: expected one of [mean], found variance");
  }

  @Test
  void aValueThatIsNotFiniteIsNamed() {
    assertThatThrownBy(() -> run(parameter -> parameter.value().put(5, Float.NaN)))
        .hasMessageMatching(
            "optimizer doing: expected finite values, found NaN at index 5 of .+ after step 1");
  }

  private void run(Consumer<ParameterUpdate> action) {
    Optimizer optimizer = Optimizer.custom(new Doing(List.of("mean"), action));
    tuner("run", optimizer).overwriteOutput().maxSteps(1).build().run();
  }

  @Test
  void namesThatCannotBeSavedAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Optimizer.custom(new Doing(List.of("m", "m"), parameter -> {})))
        .withMessage("moments: expected different words other than value, found [m, m]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Optimizer.custom(new Doing(List.of("value"), parameter -> {})))
        .withMessageContaining("found [value]");
  }

  @Test
  void aRecordOfTheRunSaysThatItIsCode() {
    FineTuneReport report =
        tuner("run", Optimizer.custom(new Rule(0.9, 0.999, 1e-8))).maxSteps(1).build().run();
    assertThatThrownBy(() -> FineTuner.repeat(report.last()))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("optimizer: an optimizer of your own is code");
  }

  @Test
  void theForecastCountsTheMoments() {
    Rule rule = new Rule(0.9, 0.999, 1e-8);
    assertThat(OptimizerStates.stateBytes(Optimizer.custom(rule), 5, 3)).isEqualTo(2 * 4 * 15);
  }
}
