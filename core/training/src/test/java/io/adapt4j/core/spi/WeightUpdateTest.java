package io.adapt4j.core.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.RunRecorder;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that train an update of weights from outside. */
class WeightUpdateTest {

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

  /** The update is a factor times a parameter of the weight's size, which is all of training. */
  private record Whole(String modules, double factor) implements WeightUpdate {

    @Override
    public String name() {
      return "whole";
    }

    @Override
    public String options() {
      return modules + " times " + factor;
    }

    @Override
    public Map<String, List<Integer>> parameters(Projection projection) {
      return projection.module().matches(".*(" + modules + ")")
          ? Map.of("values", List.of(projection.outputs(), projection.inputs()))
          : Map.of();
    }

    @Override
    public void initialize(
        Projection projection, Map<String, FloatBuffer> parameters, RandomGenerator random) {}

    @Override
    public void apply(
        Projection projection, Map<String, FloatBuffer> parameters, FloatBuffer delta) {
      FloatBuffer values = parameters.get("values");
      for (int i = 0; i < delta.limit(); i++) {
        delta.put(i, (float) (factor * values.get(i)));
      }
    }

    @Override
    public void forwardBackward(
        Projection projection,
        Map<String, FloatBuffer> parameters,
        FloatBuffer byDelta,
        Map<String, FloatBuffer> gradients) {
      FloatBuffer gradient = gradients.get("values");
      for (int i = 0; i < byDelta.limit(); i++) {
        gradient.put(i, (float) (gradient.get(i) + factor * byDelta.get(i)));
      }
    }
  }

  private FineTuner.Builder tuner(String output, FineTuningMethod method) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .method(method)
        .dataset(SmallModel.sentences(24).split(0.7, 0.3, 0, 1))
        .precision(Precision.FP32)
        .epochs(2)
        .batchSize(2)
        .gradientAccumulation(2)
        .learningRate(3e-3)
        .weightDecay(0)
        .saveEvery(Interval.steps(3))
        .output(folder.resolve(output));
  }

  private static List<Double> scores(Path base, Adapter... adapters) {
    try (LanguageModel loaded =
        LanguageModel.load(ModelSource.path(base), Precision.FP32, adapters)) {
      return loaded.score("Once upon a time", " Lily saw a red ball").logProbabilities();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"k_proj|down_proj", "q_proj|v_proj|o_proj|gate_proj|up_proj"})
  void anUpdateOfWholeWeightsTrainsAsTheWeightsThemselves(String modules) {
    RunRecorder expected = new RunRecorder();
    RunRecorder found = new RunRecorder();
    WeightUpdate update = new Whole(modules, 1);
    FineTuneReport full =
        tuner("full", FullFineTuning.create().trainOnly(modules)).listener(expected).build().run();
    FineTuneReport own =
        tuner("own", FineTuningMethod.custom(update)).listener(found).build().run();
    assertThat(found.losses()).hasSameSizeAs(expected.losses());
    for (int step = 0; step < found.losses().size(); step++) {
      assertThat(found.losses().get(step)).isCloseTo(expected.losses().get(step), within(1e-4));
    }
    List<Double> trained = scores(full.last());
    List<Double> adapted = scores(model, Adapter.custom(own.last(), update));
    assertThat(adapted).isNotEqualTo(scores(model));
    for (int token = 0; token < trained.size(); token++) {
      assertThat(adapted.get(token)).isCloseTo(trained.get(token), within(1e-3));
    }
  }

  @Test
  void theBaseIsThereAgainWhenTheAdapterIsOff() {
    WeightUpdate update = new Whole("k_proj", 2);
    FineTuneReport report = tuner("run", FineTuningMethod.custom(update)).build().run();
    List<Double> base = scores(model);
    try (LanguageModel loaded =
        LanguageModel.load(
            ModelSource.path(model), Precision.FP32, Adapter.custom(report.last(), update))) {
      loaded.enableAdapters(false);
      assertThat(loaded.score("Once upon a time", " Lily saw a red ball").logProbabilities())
          .isEqualTo(base);
    }
  }

  @Test
  void aRunThatWasStoppedGoesOnToTheBit() throws IOException {
    FineTuningMethod method = FineTuningMethod.custom(new Whole("k_proj", 2));
    FineTuneReport whole = tuner("whole", method).build().run();
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
    running[0] = tuner("cut", method).listener(stop).build();
    running[0].run();
    FineTuningMethod other = FineTuningMethod.custom(new Whole("k_proj", 3));
    assertThatThrownBy(() -> tuner("cut", other).resume().build().run())
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("custom whole [k_proj times 2.0]");
    FineTuneReport rest = tuner("cut", method).resume().build().run();
    String file = "weight_update.safetensors";
    assertThat(Files.readAllBytes(rest.last().resolve(file)))
        .isEqualTo(Files.readAllBytes(whole.last().resolve(file)));
  }

  @Test
  void anAdapterNeedsTheCodeThatItWasTrainedWith() {
    WeightUpdate update = new Whole("k_proj", 2);
    FineTuneReport report = tuner("run", FineTuningMethod.custom(update)).maxSteps(1).build().run();
    assertThatThrownBy(() -> scores(model, Adapter.at(report.last())))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("Adapter.custom(folder, update)");
    Adapter other = Adapter.custom(report.last(), new Whole("k_proj", 1));
    assertThatThrownBy(() -> scores(model, other))
        .hasMessageContaining(
            "expected parameters of custom whole [k_proj times 1.0], found those of custom whole"
                + " [k_proj times 2.0]");
  }

  @Test
  void anUpdateOfNoProjectionIsRefused() {
    assertThatThrownBy(() -> tuner("run", FineTuningMethod.custom(new Whole("dense", 1))).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("custom whole [dense times 1.0] has parameters for no projection");
  }

  @Test
  void sizesBelowOneAreRefused() {
    WeightUpdate empty =
        new WeightUpdate() {
          @Override
          public String name() {
            return "empty";
          }

          @Override
          public Map<String, List<Integer>> parameters(Projection projection) {
            return Map.of("values", List.of(0));
          }

          @Override
          public void initialize(
              Projection projection, Map<String, FloatBuffer> parameters, RandomGenerator random) {}

          @Override
          public void apply(
              Projection projection, Map<String, FloatBuffer> parameters, FloatBuffer delta) {}

          @Override
          public void forwardBackward(
              Projection projection,
              Map<String, FloatBuffer> parameters,
              FloatBuffer byDelta,
              Map<String, FloatBuffer> gradients) {}
        };
    assertThatThrownBy(() -> tuner("run", FineTuningMethod.custom(empty)).build())
        .hasMessageContaining("update empty: model.layers.0.self_attn.q_proj")
        .hasMessageContaining("found 'values' [0]");
  }
}
