package io.adapt4j.core.internal.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * States of a run from which another run can continue that is the same up to them: its states
 * before the first use of a row that the other run masks.
 */
public final class StateTransfer {

  private final Path output;
  private final TrainingOptions options;
  private final List<RunStates.Found> states;

  private StateTransfer(Path output, TrainingOptions options, List<RunStates.Found> states) {
    this.output = output;
    this.options = options;
    this.states = states;
  }

  /** Finds the intact states of a run up to a step, by options with the run's identity. */
  public static StateTransfer of(Path output, TrainingOptions options, int last) {
    List<RunStates.Found> states =
        new RunStates(output, options.states()).intact(last, options.earlyStopping());
    for (int newest = 0; newest < states.size(); newest++) {
      List<RunStates.Found> rest = states.subList(newest, states.size());
      StateTransfer transfer = new StateTransfer(output, options, rest);
      if (transfer.hasBest()) {
        return transfer;
      }
    }
    return new StateTransfer(output, options, List.of());
  }

  /** Returns the step to continue from; 0 for the beginning. */
  public int step() {
    return states.isEmpty() ? 0 : states.get(0).progress().steps();
  }

  /** Returns whether the best checkpoint of the newest state is there or can be made again. */
  private boolean hasBest() {
    int best = bestStep();
    return best == 0
        || isBest(best)
        || Files.isDirectory(numbered(best))
        || states.stream().anyMatch(state -> state.progress().steps() == best);
  }

  private int bestStep() {
    return options.keepBest() ? states.get(0).progress().bestStep().orElse(0) : 0;
  }

  private boolean isBest(int step) {
    return new CheckpointMarks(output)
        .problem(Trainer.BEST, step, step, Integer.MAX_VALUE)
        .isEmpty();
  }

  private Path numbered(int step) {
    return new NumberedCheckpoints(output, 0).folder(step);
  }

  /** Copies the states, and the best checkpoint, to the folder of a run with another identity. */
  public void copyTo(Path target, Map<String, String> identity) {
    try {
      for (RunStates.Found state : states) {
        Path copy = target.resolve(RunStates.FOLDER).resolve(state.path().getFileName());
        Path hidden = AtomicFolders.hidden(copy);
        copyFiles(state.path(), hidden);
        describe(hidden.resolve(RunStates.DESCRIPTION), identity);
        AtomicFolders.publish(hidden, copy);
      }
      int best = states.isEmpty() ? 0 : bestStep();
      if (best > 0 && (isBest(best) || Files.isDirectory(numbered(best)))) {
        Path from = isBest(best) ? output.resolve(Trainer.BEST) : numbered(best);
        copyFiles(from, target.resolve(Trainer.BEST));
        new CheckpointMarks(target).end(Trainer.BEST, best);
      }
    } catch (IOException e) {
      throw new TrainingException(
          "Copying the states of %s to %s failed: %s. Delete %s and begin again."
              .formatted(output, target, e, target),
          e);
    }
  }

  /** Renews the checksums of checkpoints whose records were changed. */
  public static void renewMarks(Path output) throws IOException {
    CheckpointMarks marks = new CheckpointMarks(output);
    for (String name : List.of(Trainer.BEST, Trainer.LAST)) {
      OptionalInt step = marks.step(name);
      if (step.isPresent() && !marks.isGone(name)) {
        marks.end(name, step.getAsInt());
      }
    }
  }

  private static void describe(Path file, Map<String, String> identity) throws IOException {
    ObjectNode description = (ObjectNode) CheckedJson.read(file).json();
    ObjectNode parts = description.putObject("identity");
    identity.forEach(parts::put);
    // The last checkpoint stays behind: the next evaluation saves it again.
    description.put("savedAt", -1);
    CheckedJson.write(file, description);
  }

  private static void copyFiles(Path from, Path to) throws IOException {
    Disk.createFolders(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }
}
