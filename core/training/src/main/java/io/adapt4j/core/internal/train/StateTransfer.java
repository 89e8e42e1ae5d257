package io.adapt4j.core.internal.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.train.TrainingException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * States of a run from which another run can continue that is the same up to them: its states
 * before the first use of a row that the other run masks.
 */
public final class StateTransfer {

  private static final Logger LOG = LoggerFactory.getLogger(StateTransfer.class);

  private final Path output;
  private final TrainingOptions options;

  /** Folders of the states, newest first. */
  private final List<Path> states;

  private final Optional<Progress> newest;

  private StateTransfer(
      Path output, TrainingOptions options, List<Path> states, Optional<Progress> newest) {
    this.output = output;
    this.options = options;
    this.states = states;
    this.newest = newest;
  }

  /**
   * Finds the newest intact state of a run up to a step, by options with the run's identity, and
   * those before it, which are checked when they are used.
   */
  public static StateTransfer of(Path output, TrainingOptions options, int last) {
    RunStates all = new RunStates(output, options.states());
    List<Path> states = all.upTo(last);
    for (int i = 0; i < states.size(); i++) {
      Optional<Progress> progress =
          all.intact(states.get(i), options.earlyStopping()).map(RunStates.Found::progress);
      StateTransfer transfer =
          new StateTransfer(output, options, states.subList(i, states.size()), progress);
      if (progress.isPresent() && transfer.hasBest(all)) {
        return transfer;
      }
    }
    return new StateTransfer(output, options, List.of(), Optional.empty());
  }

  /** Returns the step to continue from; 0 for the beginning. */
  public int step() {
    return newest.map(Progress::steps).orElse(0);
  }

  /** Returns whether the best checkpoint of the newest state is there or can be made again. */
  private boolean hasBest(RunStates all) {
    int best = bestStep();
    return best == 0
        || isBest(best)
        || Files.isDirectory(numbered(best))
        || states.stream()
            .filter(state -> state.endsWith(RunStates.name(best)))
            .anyMatch(state -> all.intact(state, options.earlyStopping()).isPresent());
  }

  private int bestStep() {
    return options.keepBest() ? newest.map(state -> state.bestStep().orElse(0)).orElse(0) : 0;
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
      int best = states.isEmpty() ? 0 : bestStep();
      if (best > 0 && (isBest(best) || Files.isDirectory(numbered(best)))) {
        Path from = isBest(best) ? output.resolve(Trainer.BEST) : numbered(best);
        Path copy = AtomicFolders.hidden(target.resolve(Trainer.BEST));
        copyFiles(from, copy);
        AtomicFolders.publish(copy, target.resolve(Trainer.BEST));
        new CheckpointMarks(target).end(Trainer.BEST, best);
      }
      // Last: where there are states, all is there.
      Path folder = target.resolve(RunStates.FOLDER);
      Path hidden = AtomicFolders.hidden(folder);
      Disk.createFolders(hidden);
      for (Path state : states) {
        copyState(state, hidden.resolve(state.getFileName()), identity);
      }
      AtomicFolders.publish(hidden, folder);
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

  private void copyState(Path state, Path copy, Map<String, String> identity) throws IOException {
    try {
      ObjectNode description = described(state.resolve(RunStates.DESCRIPTION), identity);
      Files.createDirectory(copy);
      try (Stream<Path> files = Files.list(state)) {
        for (Path file : files.filter(child -> !child.endsWith(RunStates.DESCRIPTION)).toList()) {
          linkOrCopy(file, copy.resolve(file.getFileName()));
        }
      }
      CheckedJson.write(copy.resolve(RunStates.DESCRIPTION), description);
    } catch (CheckedJson.DamagedException | NoSuchFileException e) {
      LOG.warn("{} is left out: {}", state, e.toString());
      AtomicFolders.discard(copy);
    }
  }

  /** Links a file, since states never change, or copies it where that is not possible. */
  private static void linkOrCopy(Path file, Path target) throws IOException {
    try {
      Files.createLink(target, file);
    } catch (FileSystemException | UnsupportedOperationException e) {
      Files.copy(file, target);
    }
  }

  private static ObjectNode described(Path file, Map<String, String> identity) throws IOException {
    ObjectNode description = (ObjectNode) CheckedJson.read(file).json();
    ObjectNode parts = description.putObject("identity");
    identity.forEach(parts::put);
    // The last checkpoint stays behind: the next evaluation saves it again.
    description.put("savedAt", -1);
    return description;
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
