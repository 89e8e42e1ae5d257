package io.adapt4j.core.internal.train;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of a run ({@code best}, {@code last} and the numbered ones), and their
 * verification on resume. Not thread-safe.
 */
final class RunCheckpoints {

  private static final Logger LOG = LoggerFactory.getLogger(RunCheckpoints.class);

  private final Path output;
  private final Adaptation adaptation;
  private final TrainingListener listener;
  private final boolean marked;
  private final CheckpointMarks marks;
  private int numbered;
  private boolean written = true;
  private int lastSavedAt = -1;

  /**
   * Creates the checkpoints of a run; {@code marked} says whether to record checksums for resuming.
   */
  RunCheckpoints(Path output, Adaptation adaptation, TrainingListener listener, boolean marked) {
    this.output = output;
    this.adaptation = adaptation;
    this.listener = listener;
    this.marked = marked;
    this.marks = new CheckpointMarks(output);
  }

  /** Disables writing, which the leading worker does. */
  void leaveFiles() {
    written = false;
  }

  /** Sets the step that the leading worker found on resume. */
  void lastSavedAt(int step) {
    lastSavedAt = step;
  }

  void keepNumbered(int checkpoints) {
    numbered = checkpoints;
  }

  boolean keepsNumbered() {
    return numbered > 0;
  }

  /** Returns the step of the checkpoint in {@code last}; -1 if there is none. */
  int lastSavedAt() {
    return lastSavedAt;
  }

  void clear() {
    if (!written) {
      return;
    }
    numbered().clear();
    try {
      marks.clear();
    } catch (IOException e) {
      throw new TrainingException("Deleting the marks of old checkpoints failed: " + e);
    }
  }

  void saveBest(int step) {
    if (!written) {
      return;
    }
    save(Trainer.BEST, step);
    listener.checkpointSaved(new CheckpointEvent(step, output.resolve(Trainer.BEST), true));
  }

  void saveLast(int step) {
    if (written) {
      saveNumbered(step);
      save(Trainer.LAST, step);
      listener.checkpointSaved(new CheckpointEvent(step, output.resolve(Trainer.LAST), false));
    }
    lastSavedAt = step;
  }

  private void save(String name, int step) {
    Path folder = output.resolve(name);
    try {
      if (marked) {
        marks.begin(name, step);
      }
      adaptation.save(folder);
      if (marked) {
        marks.end(name, step);
      }
    } catch (IOException | UncheckedIOException | CheckpointException e) {
      throw unsaved(step, folder, e);
    }
  }

  private void saveNumbered(int step) {
    if (numbered > 0) {
      Path folder = numbered().folder(step);
      try {
        numbered().save(step, adaptation);
      } catch (IOException | UncheckedIOException | CheckpointException e) {
        throw unsaved(step, folder, e);
      }
      listener.checkpointSaved(new CheckpointEvent(step, folder, false));
    }
  }

  private NumberedCheckpoints numbered() {
    return new NumberedCheckpoints(output, numbered);
  }

  /** Returns the problem of the best checkpoint that makes a state unusable, if any. */
  Optional<String> bestProblem(int bestStep, int steps) {
    return marks.isGone(Trainer.BEST)
        ? Optional.empty()
        : marks.problem(Trainer.BEST, bestStep, bestStep, steps);
  }

  /** Returns whether {@code best} was never saved in this folder. */
  boolean isBestUnsaved() {
    try {
      return marks.isGone(Trainer.BEST) && !marks.isDeleted(Trainer.BEST);
    } catch (IOException e) {
      throw new TrainingException("Reading the checkpoints in " + output + " failed: " + e, e);
    }
  }

  /** Returns whether {@code best} should hold the model before training but does not. */
  boolean isUntrainedBestLost(int steps) {
    return marks.problem(Trainer.BEST, 0, 0, steps).isPresent();
  }

  /**
   * Compares the checkpoints with a state and returns the losses.
   *
   * @param evaluations reset if the best checkpoint is gone; null if the best is not kept
   */
  List<String> takeStock(Progress progress, boolean checked, Evaluations<?> evaluations) {
    lastSavedAt = progress.savedAt();
    List<String> lost = new ArrayList<>();
    try {
      if (!checked) {
        adopt(progress);
      }
      if (evaluations != null && progress.bestStep().isPresent() && marks.isDeleted(Trainer.BEST)) {
        lost.add(
            output.resolve(Trainer.BEST)
                + " is gone: the best is chosen among the evaluations to come, without that of step "
                + progress.bestStep().getAsInt());
        evaluations.forgetBest();
      }
    } catch (IOException e) {
      throw new TrainingException("Reading the checkpoints in " + output + " failed: " + e, e);
    }
    if (lastSavedAt >= 0) {
      marks
          .problem(Trainer.LAST, lastSavedAt, progress.steps(), progress.steps())
          .ifPresent(
              problem -> {
                lost.add(problem + "; it is saved again at the next evaluation");
                lastSavedAt = -1;
              });
    }
    return lost;
  }

  private void adopt(Progress progress) throws IOException {
    if (progress.bestStep().isPresent()) {
      marks.adopt(Trainer.BEST, progress.bestStep().getAsInt());
    }
    if (lastSavedAt >= 0) {
      marks.adopt(Trainer.LAST, lastSavedAt);
    }
  }

  /** Deletes {@code best}, so that a failed run leaves nothing that looks like its result. */
  void discardBest() {
    if (!written) {
      return;
    }
    Path best = output.resolve(Trainer.BEST);
    try {
      AtomicFolders.delete(best);
    } catch (IOException e) {
      LOG.warn("Deleting {} failed: {}", best, e.toString());
    }
  }

  private static TrainingException unsaved(int step, Path folder, Exception cause) {
    return new TrainingException(
        ("Saving the checkpoint of step %s in %s failed: %s. Checkpoints and states saved"
                + " before are intact; continue from them with resume().")
            .formatted(step, folder, WriteFailure.explain(folder, cause)),
        cause);
  }
}
