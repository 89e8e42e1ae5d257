package io.adapt4j.core.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.train.Interval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole run on a disk that fails somewhere: resumed or begun again, it ends at the same bits. */
class TrainingUnderFaultsTest {

  private static final boolean LONG = "long".equals(System.getProperty("adapt4j.faults"));
  private static final int TRIALS = 4;
  private static final List<Fault> FAULTS =
      List.of(Fault.POWER_CUT, Fault.NO_SPACE, Fault.POWER_CUT, Fault.IO_ERROR, Fault.READ_ONLY);

  private static final List<DurableTree.Unforced> UNFORCED = List.of(DurableTree.Unforced.values());

  @TempDir private Path folder;

  private static FineTuner.Builder tuner(Path model, Path output) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .dataset(SmallModel.sentences(12).split(0.7, 0.3, 0, 1))
        .method(FullFineTuning.create())
        .maxSteps(4)
        .batchSize(2)
        .learningRate(1e-3)
        .evaluateEvery(Interval.steps(2))
        .saveEvery(Interval.steps(1))
        .keepBest()
        .output(output);
  }

  private static String result(Path output) throws Exception {
    return FileDigest.sha256(output.resolve("last/model.safetensors"))
        + FileDigest.sha256(output.resolve("best/model.safetensors"));
  }

  /** Resumes a run; begins it again if it was cut off before its first state. */
  private static void again(Path model, Path output) throws IOException {
    Path states = output.resolve("states");
    boolean saved = false;
    if (Files.isDirectory(states)) {
      try (Stream<Path> folders = Files.list(states)) {
        saved = folders.anyMatch(state -> state.getFileName().toString().startsWith("step-"));
      }
    }
    FineTuner.Builder tuner = tuner(model, output);
    (saved ? tuner.resume() : tuner.overwriteOutput()).build().run();
  }

  @Test
  void aRunThatIsResumedEndsAtTheSameBits() throws Exception {
    Path model = SmallModel.write(folder.resolve("model"));
    Path clean = Files.createDirectory(folder.resolve("clean"));
    FaultyDisk whole = new FaultyDisk(clean);
    tuner(model, whole.folder().resolve("run")).build().run();
    String expected = result(clean.resolve("run"));
    List<DiskCall> calls = whole.calls();
    Random random = new Random(11);
    int trials = LONG ? calls.size() : TRIALS;
    List<String> problems = new ArrayList<>();
    for (int trial = 0; trial < trials; trial++) {
      int call = LONG ? trial : random.nextInt(calls.size());
      Fault fault = FAULTS.get(trial % FAULTS.size());
      Path work = Files.createDirectory(folder.resolve("work" + trial));
      FaultyDisk disk = new FaultyDisk(work).failing(fault, call);
      String failure = "nothing";
      try {
        tuner(model, disk.folder().resolve("run")).build().run();
      } catch (RuntimeException e) {
        failure = e.getMessage();
      } finally {
        Thread.interrupted();
      }
      Path rest = work;
      if (fault == Fault.POWER_CUT) {
        rest = folder.resolve("rest" + trial);
        DurableTree.Unforced unforced = UNFORCED.get(trial % UNFORCED.size());
        disk.tree().writeRemains(rest, unforced, trial);
      }
      String where = fault + " at call " + call + " (" + disk.failed() + "), told: " + failure;
      try {
        again(model, new FaultyDisk(rest).folder().resolve("run"));
        if (!result(rest.resolve("run")).equals(expected)) {
          problems.add(where + ": other bits");
        }
      } catch (RuntimeException e) {
        problems.add(where + ": cannot be resumed: " + e);
      }
    }
    System.out.printf("faults: run: %d calls, %d runs%n", calls.size(), trials);
    assertThat(problems).isEmpty();
    assertThat(calls).hasSizeGreaterThan(500);
  }
}
