package io.adapt4j.core.internal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What checkpoints a run leaves, and what it finds wrong with them when it resumes. */
class RunCheckpointsTest {

  @TempDir Path output;

  private final List<CheckpointEvent> events = new ArrayList<>();
  private final TextModel model = new TextModel();

  /** A model of one file, which can be made to fail while it is written. */
  private static final class TextModel implements Adaptation {

    private String text = "values";
    private RuntimeException failure;

    @Override
    public List<Trainable> trained() {
      return List.of();
    }

    @Override
    public void refresh() {}

    @Override
    public void save(Path folder) {
      try {
        Files.writeString(Files.createDirectories(folder).resolve("weights"), text);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      if (failure != null) {
        throw failure;
      }
    }

    @Override
    public void restore(Path folder) {}

    @Override
    public void close() {}
  }

  private RunCheckpoints checkpoints(boolean marked) {
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void checkpointSaved(CheckpointEvent event) {
            events.add(event);
          }
        };
    return new RunCheckpoints(output, model, listener, marked);
  }

  private RunCheckpoints checkpoints() {
    return checkpoints(true);
  }

  private static Progress progress(int steps, int bestStep, int savedAt) {
    return new Progress(
        steps,
        steps,
        0,
        6.25,
        RecentLosses.NONE.with(5.5, 1),
        OptionalDouble.of(6.1),
        Map.of(),
        OptionalDouble.of(5.9),
        bestStep < 0 ? OptionalInt.empty() : OptionalInt.of(bestStep),
        Map.of(),
        Optional.empty(),
        savedAt);
  }

  private static Evaluations<Object> evaluations(Progress progress) {
    Evaluations<Object> evaluations =
        new Evaluations<>(null, Optional.empty(), new TrainingListener() {}, Optional.empty());
    evaluations.restore(progress);
    return evaluations;
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(output)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void whatIsSavedIsToldOf() {
    RunCheckpoints checkpoints = checkpoints();
    assertThat(checkpoints.lastSavedAt()).isEqualTo(-1);
    checkpoints.saveLast(4);
    checkpoints.saveBest(5);
    assertThat(checkpoints.lastSavedAt()).isEqualTo(4);
    assertThat(events)
        .containsExactly(
            new CheckpointEvent(4, output.resolve("last"), false),
            new CheckpointEvent(5, output.resolve("best"), true));
    assertThat(output.resolve("last/weights")).hasContent("values");
    assertThat(output.resolve("best/weights")).hasContent("values");
  }

  @Test
  void marksAreLeftOnlyWhereARunCanResume() throws IOException {
    checkpoints(false).saveLast(4);
    assertThat(names()).containsExactly("last");
    checkpoints(true).saveLast(4);
    assertThat(names()).containsExactly("checkpoints.json", "last");
  }

  @Test
  void aWorkerThatLeavesFilesToAnotherWritesAndDeletesNone() throws IOException {
    checkpoints().saveBest(2);
    List<String> before = names();
    events.clear();
    RunCheckpoints worker = checkpoints();
    worker.leaveFiles();
    worker.keepNumbered(2);
    worker.saveBest(5);
    worker.saveLast(6);
    worker.discardBest();
    worker.clear();
    assertThat(names()).isEqualTo(before);
    assertThat(events).isEmpty();
    assertThat(worker.lastSavedAt()).isEqualTo(6);
    worker.lastSavedAt(3);
    assertThat(worker.lastSavedAt()).isEqualTo(3);
  }

  @Test
  void theNewestNumberedCheckpointsStay() throws IOException {
    Files.createDirectory(output.resolve("checkpoint-of-mine"));
    RunCheckpoints checkpoints = checkpoints();
    checkpoints.keepNumbered(2);
    for (int step : List.of(0, 9, 10)) {
      model.text = "step " + step;
      checkpoints.saveLast(step);
    }
    assertThat(names())
        .containsExactly(
            "checkpoint-10", "checkpoint-9", "checkpoint-of-mine", "checkpoints.json", "last");
    assertThat(new NumberedCheckpoints(output, 2).names())
        .containsExactly("checkpoint-10", "checkpoint-9");
    assertThat(output.resolve("checkpoint-9/weights")).hasContent("step 9");
    assertThat(events.get(0))
        .isEqualTo(new CheckpointEvent(0, output.resolve("checkpoint-0"), false));
    assertThat(events).hasSize(6);

    checkpoints.clear();
    assertThat(names()).containsExactly("checkpoint-of-mine", "last");
  }

  @Test
  void clearingANewFolderDoesNothing() {
    Path missing = output.resolve("missing");
    new RunCheckpoints(missing, model, new TrainingListener() {}, true).clear();
    assertThat(missing).doesNotExist();
    assertThat(new NumberedCheckpoints(missing, 2).names()).isEmpty();
  }

  @Test
  void aNumberedCheckpointThatFailsLeavesNothing() throws IOException {
    RunCheckpoints checkpoints = checkpoints();
    checkpoints.keepNumbered(2);
    model.failure = new CheckpointException("no more values");
    assertThatExceptionOfType(TrainingException.class)
        .isThrownBy(() -> checkpoints.saveLast(7))
        .withMessageContainingAll(
            "step 7", output.resolve("checkpoint-7").toString(), "no more values", "resume()");
    assertThat(names()).isEmpty();
    assertThat(checkpoints.lastSavedAt()).isEqualTo(-1);
  }

  @Test
  void aCheckpointThatWasBeingReplacedIsNotTakenForIntact() {
    RunCheckpoints checkpoints = checkpoints();
    checkpoints.saveBest(2);
    assertThat(checkpoints.bestProblem(2, 6)).isEmpty();
    model.failure = new CheckpointException("no more values");
    assertThatExceptionOfType(TrainingException.class)
        .isThrownBy(() -> checkpoints.saveBest(5))
        .withMessageContainingAll("step 5", output.resolve("best").toString(), "no more values")
        .withCause(model.failure);
    assertThat(checkpoints.bestProblem(2, 6))
        .hasValueSatisfying(
            problem -> assertThat(problem).contains("is not the checkpoint of step 2"));
    assertThat(checkpoints.bestProblem(5, 6)).as("begun, never finished").isPresent();
    assertThat(checkpoints.bestProblem(2, 4)).as("the state is older and saves it again").isEmpty();
  }

  @Test
  void theBestMustBeOfTheStepThatTheStateSays() {
    RunCheckpoints checkpoints = checkpoints();
    assertThat(checkpoints.bestProblem(4, 6)).as("none was saved").isEmpty();
    checkpoints.saveBest(4);
    assertThat(checkpoints.bestProblem(4, 4)).isEmpty();
    assertThat(checkpoints.bestProblem(4, 6)).isEmpty();
    assertThat(checkpoints.bestProblem(2, 6)).isPresent();
    assertThat(checkpoints.bestProblem(5, 6)).isPresent();
    assertThat(checkpoints.bestProblem(2, 3)).as("saved again at step 4").isEmpty();
  }

  @Test
  void theModelBeforeTrainingIsSavedAgainIfItIsLost() throws IOException {
    RunCheckpoints checkpoints = checkpoints();
    assertThat(checkpoints.isUntrainedBestLost(3)).isTrue();
    checkpoints.saveBest(0);
    assertThat(checkpoints.isUntrainedBestLost(3)).isFalse();
    Files.writeString(output.resolve("best/weights"), "other");
    assertThat(checkpoints.isUntrainedBestLost(3)).isTrue();
  }

  @Test
  void changedAndMissingFilesOfACheckpointAreFound() throws IOException {
    RunCheckpoints checkpoints = checkpoints();
    checkpoints.saveBest(4);
    Path weights = output.resolve("best/weights");
    Files.writeString(weights, "valueS");
    assertThat(checkpoints.bestProblem(4, 6).orElseThrow())
        .contains(output.resolve("best").toString(), "weights is damaged (its checksum is ");
    assertThat(checkpoints.bestProblem(4, 4)).as("saved with the state").isPresent();
    Files.writeString(weights, "value");
    assertThat(checkpoints.bestProblem(4, 6).orElseThrow())
        .contains("weights is damaged (it has 5 bytes, not 6)");
    Files.delete(weights);
    assertThat(checkpoints.bestProblem(4, 6).orElseThrow()).endsWith("weights is missing");
    Files.writeString(output.resolve("checkpoints.json"), "{\"checksum\": \"crc32c:00000000\"}");
    assertThat(checkpoints.bestProblem(4, 6).orElseThrow())
        .contains("checkpoints.json, which has the checksums of", "is damaged");
    Files.delete(output.resolve("checkpoints.json"));
    assertThat(checkpoints.bestProblem(4, 6).orElseThrow()).contains("reading", "failed");
  }

  @Test
  void aDamagedListOfMarksIsWrittenAgain() throws IOException {
    RunCheckpoints checkpoints = checkpoints();
    checkpoints.saveBest(4);
    Files.writeString(output.resolve("checkpoints.json"), "{\"checksum\": \"crc32c:00000000\"}");
    checkpoints.saveBest(5);
    assertThat(checkpoints.bestProblem(5, 6)).isEmpty();
  }

  @Test
  void nothingIsLostWhereAllIsAsItWas() {
    checkpoints().saveBest(4);
    checkpoints().saveLast(6);
    RunCheckpoints resumed = checkpoints();
    Progress progress = progress(6, 4, 6);
    Evaluations<Object> evaluations = evaluations(progress);
    assertThat(resumed.takeStock(progress, true, evaluations)).isEmpty();
    assertThat(resumed.lastSavedAt()).isEqualTo(6);
    assertThat(evaluations.bestStep()).hasValue(4);
  }

  @Test
  void withoutACheckpointNothingCanBeLost() {
    RunCheckpoints resumed = checkpoints();
    Progress progress = progress(6, -1, -1);
    assertThat(resumed.takeStock(progress, true, evaluations(progress))).isEmpty();
    assertThat(resumed.takeStock(progress, false, evaluations(progress))).isEmpty();
    assertThat(resumed.lastSavedAt()).isEqualTo(-1);
    assertThat(output).isEmptyDirectory();
  }

  @Test
  void aDeletedBestIsForgottenAndADamagedLastSavedAgain() throws IOException {
    checkpoints().saveBest(4);
    checkpoints().saveLast(0);
    Files.delete(output.resolve("best/weights"));
    Files.delete(output.resolve("best"));
    Files.writeString(output.resolve("last/weights"), "other");
    RunCheckpoints resumed = checkpoints();
    Progress progress = progress(6, 4, 0);
    Evaluations<Object> evaluations = evaluations(progress);
    assertThat(resumed.takeStock(progress, true, evaluations))
        .satisfiesExactly(
            best -> assertThat(best).contains(output.resolve("best") + " is gone", "step 4"),
            last ->
                assertThat(last)
                    .contains(output.resolve("last").toString(), "weights is damaged")
                    .endsWith("saved again at the next evaluation"));
    assertThat(evaluations.bestStep()).isEmpty();
    assertThat(resumed.lastSavedAt()).isEqualTo(-1);
  }

  @Test
  void aDeletedBestDoesNotMatterWhereNoneIsKept() throws IOException {
    checkpoints().saveBest(4);
    Files.delete(output.resolve("best/weights"));
    Files.delete(output.resolve("best"));
    assertThat(checkpoints().takeStock(progress(6, 4, -1), true, null)).isEmpty();
    Progress withoutBest = progress(6, -1, -1);
    assertThat(checkpoints().takeStock(withoutBest, true, evaluations(withoutBest))).isEmpty();
  }

  @Test
  void checkpointsOfAnOlderVersionAreTakenForWhatTheyAre() throws IOException {
    checkpoints(false).saveBest(4);
    checkpoints(false).saveLast(0);
    RunCheckpoints resumed = checkpoints();
    Progress progress = progress(6, 4, 0);
    assertThat(resumed.takeStock(progress, false, evaluations(progress))).isEmpty();
    assertThat(names()).contains("checkpoints.json");
    assertThat(resumed.bestProblem(4, 6)).isEmpty();
    assertThat(resumed.lastSavedAt()).isZero();

    Files.writeString(output.resolve("best/weights"), "other");
    resumed.takeStock(progress, false, evaluations(progress));
    assertThat(resumed.bestProblem(4, 6)).as("taken once, not again").isPresent();
  }

  @Test
  void checkpointsThatAreNotThereAreNotTaken() {
    RunCheckpoints resumed = checkpoints();
    Progress progress = progress(6, 4, 0);
    assertThat(resumed.takeStock(progress, false, evaluations(progress)))
        .singleElement()
        .asString()
        .contains("reading", "checkpoints.json");
    assertThat(resumed.lastSavedAt()).isEqualTo(-1);
  }

  @Test
  void aRunThatFailedLeavesNoBest() throws IOException {
    RunCheckpoints checkpoints = checkpoints();
    checkpoints.saveBest(0);
    checkpoints.discardBest();
    assertThat(names()).containsExactly("checkpoints.json");
    checkpoints.discardBest();
  }
}
