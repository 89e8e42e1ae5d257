package io.adapt4j.core.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.preference.PreferenceLoss;
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
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs in which a selection from outside says what trains. */
class ParameterSelectionTest {

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

  private record Named(String part, Map<String, Double> learningRateFactors)
      implements ParameterSelection {

    @Override
    public String name() {
      return "parts of names";
    }

    @Override
    public String options() {
      return part;
    }

    @Override
    public boolean trains(String parameter, List<Long> sizes) {
      return parameter.contains(part);
    }
  }

  private static FineTuningMethod named(String part) {
    return FineTuningMethod.custom(new Named(part, Map.of()));
  }

  private FineTuner.Builder tuner(String output, FineTuningMethod method) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .method(method)
        .dataset(SmallModel.sentences(24).split(0.7, 0.3, 0, 1))
        .precision(Precision.FP32)
        .epochs(2)
        .batchSize(3)
        .learningRate(3e-2)
        .saveEvery(Interval.steps(3))
        .output(folder.resolve(output));
  }

  private List<Double> scores(Path base, Precision precision, Adapter... adapters) {
    try (LanguageModel loaded = LanguageModel.load(ModelSource.path(base), precision, adapters)) {
      return loaded.score("Once upon a time", " Lily saw a red ball").logProbabilities();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void theSavedValuesMakeTheTrainedModelOfItsBase(Precision precision) throws IOException {
    RunRecorder events = new RunRecorder();
    FineTuneReport own =
        tuner("own", named("norm")).precision(precision).listener(events).build().run();
    assertThat(events.losses().get(11)).isLessThan(events.losses().get(0));
    try (Checkpoint file =
        Checkpoint.openFile(own.last().resolve("selected_parameters.safetensors"))) {
      assertThat(file.names()).hasSize(5).allMatch(name -> name.contains("norm"));
    }
    FineTuneReport full =
        tuner("full", FullFineTuning.create().trainOnly("norm")).precision(precision).build().run();
    assertThat(scores(model, precision, Adapter.at(own.last())))
        .isEqualTo(scores(full.last(), precision))
        .isNotEqualTo(scores(model, precision));
  }

  @Test
  void theBaseIsThereAgainWhenTheAdapterIsOff() {
    FineTuneReport report = tuner("run", named("norm")).build().run();
    List<Double> base = scores(model, Precision.FP32);
    try (LanguageModel loaded =
        LanguageModel.load(ModelSource.path(model), Precision.FP32, Adapter.at(report.last()))) {
      List<Double> adapted =
          loaded.score("Once upon a time", " Lily saw a red ball").logProbabilities();
      loaded.enableAdapters(false);
      assertThat(loaded.score("Once upon a time", " Lily saw a red ball").logProbabilities())
          .isEqualTo(base)
          .isNotEqualTo(adapted);
    }
  }

  @Test
  void preferencesAreComparedWithTheBase() {
    List<Example> pairs =
        List.of(
            new Example.Preference("Lily saw", " a red ball.", " the rain."),
            new Example.Preference("Tom had", " a big dog.", " no time."));
    RunRecorder events = new RunRecorder();
    tuner("run", named("down_proj"))
        .task(Task.preference(PreferenceLoss.dpo(0.5)))
        .dataset(Datasets.of(pairs))
        .batchSize(2)
        .epochs(4)
        .listener(events)
        .build()
        .run();
    assertThat(events.losses().get(0)).isCloseTo(Math.log(2), within(1e-5));
    assertThat(events.losses().get(3)).isLessThan(events.losses().get(0));
  }

  @Test
  void aRunThatWasStoppedGoesOnToTheBit() throws IOException {
    FineTuningMethod method = named("norm");
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
    assertThatThrownBy(() -> tuner("cut", named("q_proj")).resume().build().run())
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("custom parts of names [norm]");
    FineTuneReport rest = tuner("cut", method).resume().build().run();
    String file = "selected_parameters.safetensors";
    assertThat(Files.readAllBytes(rest.last().resolve(file)))
        .isEqualTo(Files.readAllBytes(whole.last().resolve(file)));
  }

  @Test
  void aFactorOfZeroKeepsParametersAsTheyAre() {
    FineTuningMethod method =
        FineTuningMethod.custom(new Named("norm", Map.of("input_layernorm", 0.0)));
    FineTuneReport report = tuner("run", method).maxSteps(4).build().run();
    try (Checkpoint base = Checkpoint.open(model);
        Checkpoint file =
            Checkpoint.openFile(report.last().resolve("selected_parameters.safetensors"))) {
      for (String name : file.names()) {
        boolean same = file.bytes(name).equals(base.bytes(name));
        assertThat(same).as(name).isEqualTo(name.contains("input_layernorm"));
      }
    }
  }

  @Test
  void aSelectionOfNothingIsRefused() {
    assertThatThrownBy(() -> tuner("run", named("bias")).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("custom parts of names [bias] selects no parameter of the model")
        .hasMessageContaining("model.embed_tokens.weight");
  }

  @Test
  void anAdapterOfAnotherModelIsRefusedWithItsTensors() throws IOException {
    FineTuneReport report = tuner("run", named("up_proj")).maxSteps(1).build().run();
    Path other =
        SmallModel.write(
            folder.resolve("other"),
            Files.readString(model.resolve("config.json"))
                .replaceFirst("(\"intermediate_size\" *: *)48", "$164"));
    assertThatThrownBy(() -> scores(other, Precision.FP32, Adapter.at(report.last())))
        .hasMessageContaining(
            "tensor 'model.layers.0.mlp.up_proj.weight': expected [64, 32], found [48, 32]");
  }

  @Test
  void aRecordOfTheRunSaysThatItIsCode() {
    FineTuneReport report = tuner("run", named("norm")).maxSteps(1).build().run();
    assertThatThrownBy(() -> FineTuner.repeat(report.last()))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("method: no module describes custom parts of names [norm]");
  }
}
