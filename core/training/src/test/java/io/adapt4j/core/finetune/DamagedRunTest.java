package io.adapt4j.core.finetune;

import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.internal.Child;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a run that was killed left: damaged afterwards, half written, or cut off by a full disk. */
@Timeout(300)
class DamagedRunTest {

  private static final int STEPS = 12;
  private static final int KILLED_AT = 10;

  @TempDir static Path shared;
  private static Path model;
  private static Path killed;
  private static byte[] last;
  private static byte[] best;

  @TempDir Path folder;

  @BeforeAll
  static void trainWholeAndKilled() throws Exception {
    model = SmallModel.write(shared.resolve("model"));
    FineTuneReport whole =
        tuner(shared.resolve("whole"), FullFineTuning.create(), new Resumed()).build().run();
    last = weights(whole.last());
    best = weights(whole.best());
    killed = shared.resolve("killed");
    try (Child child = new Child(Killed.class, model, killed, KILLED_AT)) {
      assertThat(child.end()).isEqualTo(137);
    }
  }

  /** The process that ends without a word at a step, or in the middle of saving after it. */
  static final class Killed {
    private Killed() {}

    public static void main(String[] arguments) {
      model = Path.of(arguments[0]);
      int end = Integer.parseInt(arguments[2]);
      Halting.halts = arguments.length > 3;
      TrainingListener killer =
          new TrainingListener() {
            @Override
            public void step(StepEvent event) {
              if (event.step() == end) {
                if (Halting.halts) {
                  Halting.due = true;
                } else {
                  Runtime.getRuntime().halt(137);
                }
              }
            }
          };
      tuner(Path.of(arguments[1]), Halting.method(Methods.of(FullFineTuning.create())), killer)
          .build()
          .run();
    }
  }

  @Test
  void aFlippedBitOfAnyFileIsFoundAndTheRunEndsAsIfNothingHadHappened() throws IOException {
    List<String> files =
        List.of(
            words(
                "states/step-00000009/state.json states/step-00000009/state.json",
                "states/step-00000009/state.json states/step-00000009/state.safetensors",
                "best/model.safetensors best/config.json checkpoints.json",
                "last/model.safetensors"));
    Random random = new Random(7);
    for (String name : files) {
      Path output = copy(killed, folder.resolve(name.replace('/', '_') + random.nextInt()));
      flip(output.resolve(name), random);
      Resumed resumed = new Resumed();
      FineTuneReport report =
          tuner(output, FullFineTuning.create(), resumed).resume().build().run();
      assertThat(resumed.event).as(name).isPresent();
      assertThat(resumed.event.get().damaged())
          .as(name)
          .isNotEmpty()
          .anySatisfy(line -> assertThat(line).contains(Path.of(name).getFileName().toString()));
      assertThat(weights(report.last())).as(name).isEqualTo(last);
      assertThat(weights(report.best())).as(name).isEqualTo(best);
    }
  }

  @Test
  void whereNothingIntactIsLeftTheRunIsRefusedWithFilesAndRemedy() throws IOException {
    Path output = copy(killed, folder.resolve("run"));
    Random random = new Random(3);
    for (String state : names(output.resolve("states"))) {
      flip(output.resolve("states").resolve(state).resolve("state.json"), random);
    }
    assertThatExceptionOfType(TrainingException.class)
        .isThrownBy(
            () -> tuner(output, FullFineTuning.create(), new Resumed()).resume().build().run())
        .withMessageContainingAll("step-00000009", "state.json", "checksum", "delete")
        .withMessageNotContaining("another run");
    assertThat(output.resolve(".lock")).doesNotExist();
    assertThat(names(output.resolve("states"))).isEqualTo(names(killed.resolve("states")));
  }

  @Test
  void aDeletedBestCheckpointIsDoneWithoutAloud() throws IOException {
    Path output = copy(killed, folder.resolve("run"));
    for (String file : names(output.resolve("best"))) {
      Files.delete(output.resolve("best").resolve(file));
    }
    Files.delete(output.resolve("best"));
    Resumed resumed = new Resumed();
    FineTuneReport report = tuner(output, FullFineTuning.create(), resumed).resume().build().run();
    assertThat(resumed.event.orElseThrow().damaged())
        .singleElement()
        .asString()
        .contains("best", "is gone");
    assertThat(weights(report.last())).isEqualTo(last);
    assertThat(report.best()).isDirectory();
  }

  @Test
  void neitherSuccessNorFailureNorAKillLeavesALockOrTemporaries() throws Exception {
    Path output = folder.resolve("run");
    try (Child child = new Child(Killed.class, model, output, 7, "while saving")) {
      assertThat(child.end()).isEqualTo(137);
    }
    assertThat(temporaries(output)).hasSizeGreaterThanOrEqualTo(1);
    assertThat(output.resolve(".lock")).exists();

    FineTuneReport report =
        tuner(output, FullFineTuning.create(), new Resumed()).resume().build().run();
    assertThat(temporaries(output)).isEmpty();
    assertThat(output.resolve(".lock")).doesNotExist();
    assertThat(weights(report.last())).isEqualTo(last);

    Path failed = folder.resolve("failed");
    TrainingListener failing =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            throw new OutOfMemoryError("on purpose");
          }
        };
    assertThatExceptionOfType(OutOfMemoryError.class)
        .isThrownBy(() -> tuner(failed, FullFineTuning.create(), failing).build().run());
    assertThat(failed.resolve(".lock")).doesNotExist();
  }

  @Test
  void anInterruptIsNotBlamedOnTheDisk() throws IOException {
    Path output = folder.resolve("run");
    TrainingListener interrupting =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            if (event.step() == 5) {
              Thread.currentThread().interrupt();
            }
          }
        };
    try {
      assertThatExceptionOfType(TrainingException.class)
          .isThrownBy(() -> tuner(output, FullFineTuning.create(), interrupting).build().run())
          .withMessageContainingAll("step-00000006", "interrupted", "resume()")
          .withMessageNotContaining("space");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(output.resolve(".lock")).doesNotExist();
    FineTuneReport report =
        tuner(output, FullFineTuning.create(), new Resumed()).resume().build().run();
    assertThat(weights(report.last())).isEqualTo(last);
    assertThat(weights(report.best())).isEqualTo(best);
  }

  @Test
  void aFullDiskKeepsTheLastGoodStateAndSaysWhatIsFree() throws Exception {
    Path disk = Files.createDirectories(folder.resolve("disk"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=1600k", "tmpfs", disk) == 0,
        "no small disk can be mounted here");
    try {
      Path output = disk.resolve("run");
      assertThatExceptionOfType(TrainingException.class)
          .isThrownBy(() -> tuner(output, FullFineTuning.create(), new Resumed()).build().run())
          .withMessageContainingAll(output.toString(), "the disk is full", "bytes are free")
          .withMessageContainingAll("Free some space", "resume()");
      assertThat(temporaries(output)).isEmpty();
      assertThat(names(output.resolve("states"))).isNotEmpty();
      assertThat(run("mount", "-o", "remount,size=20m", disk)).isZero();
      Resumed resumed = new Resumed();
      FineTuneReport report =
          tuner(output, FullFineTuning.create(), resumed).resume().build().run();
      assertThat(resumed.event).isPresent();
      assertThat(weights(report.last())).isEqualTo(last);
      assertThat(weights(report.best())).isEqualTo(best);
    } finally {
      run("umount", disk);
    }
  }

  private static int run(Object... command) throws IOException, InterruptedException {
    List<String> words = Stream.of(command).map(Object::toString).toList();
    try {
      return new ProcessBuilder(words)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      return -1;
    }
  }

  private static void flip(Path file, Random random) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    Files.write(file, bytes);
  }

  private static List<String> temporaries(Path output) throws IOException {
    try (Stream<Path> tree = Files.walk(output)) {
      return tree.map(path -> path.getFileName().toString())
          .filter(name -> name.matches("\\..*-[0-9a-f]{12}(\\..*)?"))
          .toList();
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static Path copy(Path from, Path to) throws IOException {
    List<Path> all;
    try (Stream<Path> tree = Files.walk(from)) {
      all = tree.toList();
    }
    for (Path path : all) {
      Files.copy(path, to.resolve(from.relativize(path).toString()));
    }
    return to;
  }

  private static FineTuner.Builder tuner(
      Path output, FineTuningMethod method, TrainingListener listener) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .dataset(SmallModel.sentences(20).split(0.7, 0.3, 0, 1))
        .method(method)
        .epochs(3)
        .maxSteps(STEPS)
        .batchSize(2)
        .gradientAccumulation(2)
        .learningRate(1e-3)
        .evaluateEvery(Interval.steps(4))
        .saveEvery(Interval.steps(3))
        .saveLimit(3)
        .keepBest()
        .output(output)
        .listener(listener);
  }

  private static byte[] weights(Path checkpoint) throws IOException {
    return Files.readAllBytes(checkpoint.resolve("model.safetensors"));
  }

  private static final class Resumed implements TrainingListener {
    private Optional<ResumeEvent> event = Optional.empty();

    @Override
    public void resumed(ResumeEvent happened) {
      event = Optional.of(happened);
    }
  }

  /** A method whose process ends in the middle of writing a checkpoint, when that is due. */
  private static final class Halting {
    private static boolean halts;
    private static boolean due;

    static MethodMechanics method(MethodMechanics inner) {
      return new SavingMethod(
          inner,
          (adaptation, target) -> {
            if (due) {
              SavingMethod.cut(target, () -> Runtime.getRuntime().halt(137));
            } else {
              adaptation.save(target);
            }
          });
    }
  }
}
