package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.Child;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that was cut off and continues ends as if it had not been. */
class ResumeTest {

  private static final int STEPS = 12;

  @TempDir private static Path shared;

  private static Path model;

  /** What a run that nothing disturbs tells, and comes to. */
  private static final Losses WHOLE = new Losses();

  private static FineTuneReport expected;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    model = SmallModel.write(shared.resolve("model"));
    expected = tuner(model, shared.resolve("whole"), WHOLE).build().run();
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 7, 11})
  void aRunKilledAtAnyStepGoesOnToTheBit(int step) throws Exception {
    Path cut = killedAt(step);
    Losses rest = new Losses();
    FineTuneReport found = tuner(cut, rest).resume().build().run();

    int saved = step / 3 * 3;
    assertThat(rest.bySteps).isEqualTo(WHOLE.bySteps.tailMap(saved + 1));
    assertThat(rest.resumed.map(ResumeEvent::step).orElse(0)).isEqualTo(saved);
    assertThat(weights(found.last())).isEqualTo(weights(expected.last()));
    assertThat(weights(found.best())).isEqualTo(weights(expected.best()));
    assertThat(found.bestValidationLoss()).isEqualTo(expected.bestValidationLoss());
    assertThat(found.initialValidationLoss()).isEqualTo(expected.initialValidationLoss());
    assertThat(found.firstLoss()).isEqualTo(expected.firstLoss());
  }

  @Test
  void aRunThatSavedNoStateIsNotBegunAnewInSilence() throws Exception {
    Path cut = killedAt(1);
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> tuner(cut, new Losses()).resume().build())
        .withMessageContaining("resume() found nothing to go on with")
        .withMessageContaining("cut has no saved state")
        .withMessageContaining("states/step-*")
        .withMessageContaining("overwriteOutput()");
  }

  @Test
  void aFolderThatIsNotThereIsNotResumed() {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> tuner(folder.resolve("mistyped"), new Losses()).resume().build())
        .withMessageContaining("there is no folder")
        .withMessageContaining("mistyped");
    assertThat(folder.resolve("mistyped")).doesNotExist();
  }

  @Test
  void aRunAskedToStopGoesOnToTheBit() throws IOException {
    Path cut = folder.resolve("cut");
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
    running[0] = tuner(cut, stop).build();
    assertThat(running[0].run().reason()).isEqualTo(StopReason.STOP_REQUESTED);
    Losses rest = new Losses();
    tuner(cut, rest).resume().build().run();
    assertThat(rest.bySteps).isEqualTo(WHOLE.bySteps.tailMap(6));
  }

  @Test
  void aDamagedStateIsPassedOverAloudForTheOneBefore() throws Exception {
    Path cut = killedAt(11);
    Path newest = cut.resolve("states/step-00000009/state.safetensors");
    byte[] bytes = Files.readAllBytes(newest);
    bytes[bytes.length / 2] ^= 1;
    Files.write(newest, bytes);

    Losses rest = new Losses();
    tuner(cut, rest).resume().build().run();
    assertThat(rest.resumed).hasValueSatisfying(event -> assertThat(event.step()).isEqualTo(6));
    assertThat(rest.resumed.get().damaged())
        .singleElement()
        .asString()
        .contains("step-00000009", "checksum");
  }

  @Test
  void anotherRunIsNotGoneOnFrom() throws Exception {
    Path cut = killedAt(4);
    assertThatExceptionOfType(TrainingException.class)
        .isThrownBy(() -> tuner(cut, new Losses()).learningRate(1e-4).resume().build().run())
        .withMessageContaining("learning rate: was 0.001")
        .withMessageContaining("is 1.0E-4");
    Split other = SmallModel.sentences(21).split(0.7, 0.3, 0, 1);
    assertThatExceptionOfType(TrainingException.class)
        .isThrownBy(() -> tuner(cut, new Losses()).dataset(other).resume().build().run())
        .withMessageContaining("training data: was ");
  }

  @Test
  void statesOfARunThatWasCutOffAreNotOverwrittenUnasked() throws Exception {
    Path cut = killedAt(4);
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> tuner(cut, new Losses()).build())
        .withMessageContaining("resume()")
        .withMessageContaining("overwriteOutput()");
    tuner(cut, new Losses()).overwriteOutput().build().run();
  }

  @Test
  void onlyTheNewestStatesStay() {
    Path output = folder.resolve("run");
    tuner(output, new Losses()).saveLimit(1).build().run();
    assertThat(output.resolve("states")).isDirectoryContaining("glob:**step-00000012");
    assertThat(output.resolve("states").toFile().list()).hasSize(1);
  }

  @Test
  void anOutputInUseIsRefused() throws IOException {
    Path output = folder.resolve("run");
    List<String> refusals = new ArrayList<>();
    TrainingListener second =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            if (event.step() == 1) {
              try {
                tuner(output, new Losses()).overwriteOutput().build().run();
              } catch (SettingsException e) {
                refusals.add(e.getMessage());
              }
            }
          }
        };
    tuner(output, second).build().run();
    assertThat(refusals).singleElement().asString().contains("in use by another run");
  }

  /** The process that trains until it is told to end. */
  static final class Training {

    private Training() {}

    public static void main(String[] arguments) {
      TrainingListener waiting =
          new TrainingListener() {
            @Override
            public void step(StepEvent event) {
              if (event.step() == 1) {
                System.out.println("training");
                try {
                  int unused = System.in.read();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              }
            }
          };
      tuner(Path.of(arguments[0]), Path.of(arguments[1]), waiting).build().run();
    }
  }

  @Test
  void anOutputInUseByAnotherProcessIsRefusedAndLeftAlone() throws Exception {
    Path output = folder.resolve("run");
    try (Child child = new Child(Training.class, model, output)) {
      assertThat(child.line()).isEqualTo("training");
      // More than once: a refused attempt must not release the other's lock.
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThatExceptionOfType(SettingsException.class)
            .isThrownBy(() -> tuner(output, new Losses()).overwriteOutput().build().run())
            .withMessageContaining("in use by another run");
      }
      child.go();
      assertThat(child.end()).isZero();
    }
    assertThat(output.resolve(".lock")).doesNotExist();
    tuner(output, new Losses()).overwriteOutput().build().run();
  }

  /** The output of a run in another process, which ended without a word at a step. */
  private Path killedAt(int step) throws Exception {
    Path killed = shared.resolve("killed-" + step);
    if (!Files.exists(killed)) {
      assertThat(kill(step, killed)).isEqualTo(137);
    }
    Path cut = folder.resolve("cut");
    try (Stream<Path> all = Files.walk(killed)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        Files.copy(file, cut.resolve(killed.relativize(file)));
      }
    }
    return cut;
  }

  private static int kill(int step, Path output) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Killed.class.getName(),
                model.toString(),
                output.toString(),
                String.valueOf(step))
            .inheritIO()
            .start();
    return process.waitFor();
  }

  /** The process that is killed. */
  static final class Killed {

    private Killed() {}

    public static void main(String[] arguments) {
      int last = Integer.parseInt(arguments[2]);
      TrainingListener killer =
          new TrainingListener() {
            @Override
            public void step(StepEvent event) {
              if (event.step() == last) {
                // The checkpoints of this step are not written any more.
                Runtime.getRuntime().halt(137);
              }
            }
          };
      tuner(Path.of(arguments[0]), Path.of(arguments[1]), killer).build().run();
    }
  }

  private FineTuner.Builder tuner(Path output, TrainingListener listener) {
    return tuner(model, output, listener);
  }

  private static FineTuner.Builder tuner(Path model, Path output, TrainingListener listener) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .dataset(SmallModel.sentences(20).split(0.7, 0.3, 0, 1))
        .method(FullFineTuning.create())
        .epochs(3)
        .maxSteps(STEPS)
        .batchSize(2)
        .gradientAccumulation(2)
        .learningRate(1e-3)
        .evaluateEvery(Interval.steps(4))
        .saveEvery(Interval.steps(3))
        .keepBest()
        .output(output)
        .listener(listener);
  }

  private static Map<String, String> weights(Path checkpoint) throws IOException {
    return Map.of(
        "weights",
        HexFormat.of().formatHex(Files.readAllBytes(checkpoint.resolve("model.safetensors"))));
  }

  private static final class Losses implements TrainingListener {

    private final TreeMap<Integer, Double> bySteps = new TreeMap<>();
    private Optional<ResumeEvent> resumed = Optional.empty();

    @Override
    public void step(StepEvent event) {
      bySteps.put(event.step(), event.loss());
    }

    @Override
    public void resumed(ResumeEvent event) {
      resumed = Optional.of(event);
    }
  }
}
