package io.adapt4j.core.internal.train;

import static io.adapt4j.core.internal.nn.TestNetworks.decoder;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunRecorder;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The training loop on a small model, and what it does when numbers go wrong. */
class TrainerTest {

  private static final int ROWS = 16;
  private static final RunStart START =
      new RunStart(1, 1, 1, 1, 1, 0, "small", "fp32", Map.of(), true);

  @TempDir static Path base;

  @TempDir Path output;

  private final RunRecorder events = new RunRecorder();
  private Tokenizer tokenizer;
  private Decoder decoder;
  private Adaptation adaptation;

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  @BeforeEach
  void loadModel() {
    tokenizer = Tokenizer.load(base);
    decoder = decoder(base);
    adaptation = Methods.of(FullFineTuning.create()).attach(decoder, base, 0);
  }

  @AfterEach
  void closeModel() {
    adaptation.close();
    decoder.close();
    tokenizer.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void fourMicroBatchesOfOneAreOneBatchOfFour(boolean recompute) {
    double[] whole = run(options(4, 1, recompute), 4);
    Map<String, float[]> wholeWeights = weights(decoder);

    try (Decoder other = decoder(base);
        Adaptation trained = Methods.of(FullFineTuning.create()).attach(other, base, 0)) {
      events.steps.clear();
      double[] parts =
          run(other, trained, options(4, 4, recompute), 1, TrainingListener.all(List.of(events)));
      assertThat(parts).containsExactly(whole, within(1e-5));
      weights(other)
          .forEach(
              (name, values) ->
                  assertThat(values)
                      .as(name)
                      .containsExactly(wholeWeights.get(name), within(1e-5f)));
    }
  }

  /** The final norm gets no gradient; of every layer one tensor has one, which is enough. */
  @Test
  void modulesWithoutAGradientInTheFirstStepAreNamed() {
    Adaptation frozen =
        (Adaptation)
            Proxy.newProxyInstance(
                Adaptation.class.getClassLoader(),
                new Class<?>[] {Adaptation.class},
                (proxy, method, arguments) ->
                    switch (method.getName()) {
                      case "collectGradients" -> {
                        adaptation.trained().stream()
                            .filter(own -> own.name().matches("model.norm.*|.*layers.0.*norm.*"))
                            .forEach(own -> TensorLists.zero(List.of(own.gradient())));
                        yield null;
                      }
                      case "moduleOf" ->
                          Optional.of(arguments[0].toString().replaceFirst("(layers.0).*", "$1"));
                      default -> method.invoke(adaptation, arguments);
                    });
    List<TrainingWarning> warnings = new ArrayList<>();
    TrainingListener watcher =
        new TrainingListener() {
          @Override
          public void warned(TrainingWarning warning) {
            warnings.add(warning);
          }
        };
    run(decoder, frozen, options(3, 1, false), 4, TrainingListener.all(List.of(events, watcher)));
    assertThat(warnings)
        .filteredOn(warning -> warning.kind() == TrainingWarning.Kind.NO_GRADIENT)
        .singleElement()
        .satisfies(
            warning -> {
              assertThat(warning.step()).isEqualTo(1);
              assertThat(warning.text())
                  .contains("1 adapted modules had no gradient", "step: model.norm.weight.");
            });
  }

  @Test
  void aStepWithAnInfiniteGradientIsSkippedAndTrainingGoesOn() {
    try (PoisonedOnce poisoned = new PoisonedOnce(adaptation)) {
      Map<String, float[]> before = weights(decoder);
      List<Map<String, float[]>> afterSkipping = new ArrayList<>();
      TrainingListener watcher =
          new TrainingListener() {
            @Override
            public void skipped(SkippedStep event) {
              afterSkipping.add(weights(decoder));
            }
          };
      run(
          decoder,
          poisoned,
          options(3, 1, false),
          4,
          TrainingListener.all(List.of(events, watcher)));
      assertThat(events.skipped).hasSize(1);
      SkippedStep skipped = events.skipped.get(0);
      assertThat(skipped.step()).isEqualTo(1);
      assertThat(skipped.consecutive()).isEqualTo(1);
      assertThat(skipped.reason()).isEqualTo("the gradient norm is Infinity");
      assertThat(skipped.loss()).isFinite();
      assertThat(events.steps).extracting(StepEvent::step).containsExactly(2, 3);
      assertSame(afterSkipping.get(0), before);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRunThatStaysNotFiniteEndsWithItsLastGoodCheckpointIntact(boolean validated) {
    List<Map<String, float[]>> good = new ArrayList<>();
    TrainingListener poison =
        new TrainingListener() {
          @Override
          public void checkpointSaved(CheckpointEvent event) {
            if (!event.best()) {
              good.add(weights(decoder));
            }
          }

          @Override
          public void step(StepEvent event) {
            if (event.step() == 3) {
              poison(decoder);
            }
          }
        };
    TrainingOptions options = options(0, 1, 1, 2, false);
    assertThatThrownBy(
            () -> trainer(decoder, adaptation, options, 4, validated, List.of(events, poison)))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("step 6")
        .hasMessageContaining("3 steps in a row")
        .hasMessageContaining("the loss is NaN")
        .hasMessageContaining("step 2 is intact in " + output.resolve("last"))
        .hasMessageContaining("Lower the learning rate");
    assertThat(events.skipped).extracting(SkippedStep::consecutive).containsExactly(1, 2, 3);
    assertThat(events.ends).extracting(RunEnd::reason).containsExactly(StopReason.FAILED);
    try (Decoder saved = decoder(output.resolve("last"))) {
      assertSame(weights(saved), good.get(1));
    }
  }

  @Test
  void aValidationLossThatIsNotANumberIsNeverTheBest() {
    TrainingListener poison =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            poison(decoder);
          }
        };
    assertThatThrownBy(
            () ->
                trainer(
                    decoder,
                    adaptation,
                    options(1, 1, 1, 2, false),
                    4,
                    true,
                    List.of(events, poison)))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("no checkpoint had been saved");
    assertThat(events.evaluations).noneMatch(EvaluationEvent::bestSoFar);
    assertThat(output.resolve("best")).doesNotExist();
    assertThat(output.resolve("last")).doesNotExist();
  }

  @Test
  void aRunWhoseCheckpointCannotBeWrittenEndsAsFailed() throws IOException {
    Files.writeString(output.resolve("last"), "a file in the way");
    assertThatThrownBy(() -> run(options(1, 1, false), 4))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("step 1 in " + output.resolve("last"))
        .hasMessageContaining("Name another path");
    assertThat(events.ends).extracting(RunEnd::reason).containsExactly(StopReason.FAILED);
  }

  /** Adds an infinite gradient that vanishes once gradients are cleared. */
  private record PoisonedOnce(Adaptation inner, Trainable extra) implements Adaptation {

    PoisonedOnce(Adaptation inner) {
      this(
          inner,
          new Trainable(
              "poison",
              Tensor.of(new float[] {0}, 1),
              Tensor.of(new float[] {Float.POSITIVE_INFINITY}, 1)));
    }

    @Override
    public List<Trainable> trained() {
      List<Trainable> all = new ArrayList<>(inner.trained());
      all.add(extra);
      return all;
    }

    @Override
    public void refresh() {
      inner.refresh();
    }

    @Override
    public void save(Path folder) {
      inner.save(folder);
    }

    @Override
    public void restore(Path folder) {
      inner.restore(folder);
    }

    @Override
    public void close() {
      extra.value().close();
      extra.gradient().close();
    }
  }

  /** A clock that the run's own events move: slow first steps, then a second each. */
  @Test
  void theTimeLeftIsShownOnceItIsKnown() {
    long[] now = {0};
    TrainingListener moving =
        new TrainingListener() {
          @Override
          public void started(RunStart event) {
            now[0] += 120_000_000_000L;
          }

          @Override
          public void step(StepEvent event) {
            now[0] += event.step() == 1 ? 20_000_000_000L : 1_000_000_000L;
          }

          @Override
          public void evaluated(EvaluationEvent event) {
            now[0] += 5_000_000_000L;
          }
        };
    new Trainer<>(
            new NextTokens(decoder),
            adaptation,
            options(12, 1, false),
            batches(SmallModel.sentences(ROWS), 1),
            Optional.of(batches(SmallModel.sentences(4), 4)),
            output,
            TrainingListener.all(List.of(events, moving)),
            () -> false)
        .clock(() -> now[0])
        .run(START);

    assertThat(events.steps.subList(0, 4)).allMatch(step -> step.timeLeft().isEmpty());
    // The steps to come take a second each, and an evaluation comes at the end.
    assertThat(events.steps.get(4).timeLeft()).contains(Duration.ofSeconds(7 + 5));
    assertThat(events.steps.get(9).timeLeft()).contains(Duration.ofSeconds(2 + 5));
    assertThat(events.steps.get(11).timeLeft()).contains(Duration.ofSeconds(5));
  }

  private double[] run(TrainingOptions options, int batchSize) {
    return run(decoder, adaptation, options, batchSize, TrainingListener.all(List.of(events)));
  }

  private double[] run(
      Decoder model,
      Adaptation trained,
      TrainingOptions options,
      int batchSize,
      TrainingListener listener) {
    trainer(model, trained, options, batchSize, false, List.of(listener));
    return events.losses().stream().mapToDouble(Double::doubleValue).toArray();
  }

  private TrainingResult trainer(
      Decoder model,
      Adaptation trained,
      TrainingOptions options,
      int batchSize,
      boolean validated,
      List<TrainingListener> listeners) {
    Optional<Batches> validation =
        validated ? Optional.of(batches(SmallModel.sentences(4), 4)) : Optional.empty();
    return new Trainer<>(
            new NextTokens(model),
            trained,
            options,
            batches(SmallModel.sentences(ROWS), batchSize),
            validation,
            output,
            TrainingListener.all(listeners),
            () -> false)
        .run(START);
  }

  private Batches batches(Dataset data, int batchSize) {
    ExampleEncoder encoder = ExampleEncoder.builder(tokenizer, SmallModel.CONTEXT).build();
    return Batches.of(encoder.filter(data)).batchSize(batchSize).build();
  }

  private static TrainingOptions options(int maxSteps, int accumulation, boolean recompute) {
    return options(maxSteps, accumulation, 0, 2, recompute);
  }

  private static TrainingOptions options(
      int maxSteps, int accumulation, int interval, int maxSkipped, boolean recompute) {
    return new TrainingOptions(
        3,
        maxSteps,
        accumulation,
        1e-3,
        LearningRateSchedule.CONSTANT,
        Warmup.NONE,
        new TrainingStep.Settings(Optimizer.adamW(), 0.01, 1, recompute),
        interval,
        true,
        Optional.empty(),
        maxSkipped,
        1,
        StateOptions.NONE);
  }

  private static void poison(Decoder decoder) {
    try (Tensor nan = Tensor.of(new float[] {Float.NaN}, 1)) {
      decoder.parameters().get(0).value().copyFrom(nan);
    }
  }

  private static Map<String, float[]> weights(Decoder decoder) {
    Map<String, float[]> weights = new LinkedHashMap<>();
    for (Parameter parameter : decoder.parameters()) {
      weights.put(parameter.slices().get(0).name(), parameter.master().toFloats());
    }
    return weights;
  }

  private static void assertSame(Map<String, float[]> found, Map<String, float[]> expected) {
    found.forEach((name, values) -> assertThat(values).as(name).isEqualTo(expected.get(name)));
  }
}
