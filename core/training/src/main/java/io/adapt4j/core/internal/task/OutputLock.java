package io.adapt4j.core.internal.task;

import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Lock that restricts an output folder to one run at a time on this machine, and removes temporary
 * files of killed runs.
 */
record OutputLock(ProcessLock lock) implements AutoCloseable {

  private static final String FILE = ".lock";

  /** Acquires the lock and removes the temporary files of killed runs. */
  static OutputLock take(Path output) {
    try {
      ProcessLock lock =
          ProcessLock.tryTake(output.resolve(FILE))
              .orElseThrow(
                  () ->
                      SettingsException.ofFineTuning(
                          List.of(
                              "output "
                                  + output
                                  + " is in use by another run; wait for its end or choose another"
                                  + " folder")));
      sweep(output);
      return new OutputLock(lock);
    } catch (IOException e) {
      throw SettingsException.ofFineTuning(
          List.of(
              "output %s cannot be written to: %s."
                  .formatted(output, WriteFailure.explain(output, e))));
    }
  }

  /** Sweeps only folders created by runs: other folders in the output are not ours. */
  private static void sweep(Path output) {
    Temporaries.sweep(output);
    for (String name : List.of(Trainer.BEST, Trainer.LAST, Trainer.STATES)) {
      Temporaries.sweepTree(output.resolve(name));
    }
    for (String name : Trainer.numberedCheckpoints(output)) {
      Temporaries.sweepTree(output.resolve(name));
    }
  }

  /** Releases the lock and removes its file. */
  @Override
  public void close() {
    lock.close();
  }
}
