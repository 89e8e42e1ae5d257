package io.adapt4j.core.monitor;

import io.adapt4j.core.internal.train.SettingsText;
import io.adapt4j.core.train.RunStart;
import java.nio.file.Path;

/** Files that an earlier run has left in the output folder of another. */
final class EarlierRun {

  private EarlierRun() {}

  /**
   * Returns whether a run replaces what an earlier one wrote to a place: the run was told to
   * replace the earlier one, and the place is inside its output folder.
   *
   * @param event the start of the run
   * @param place a file or a folder
   */
  static boolean isReplacedAt(Path place, RunStart event) {
    String output = event.settings().get(SettingsText.OUTPUT);
    return output != null
        && SettingsText.REPLACED.equals(event.settings().get(SettingsText.EARLIER_RUN))
        && plain(place).startsWith(plain(Path.of(output)));
  }

  private static Path plain(Path path) {
    return path.toAbsolutePath().normalize();
  }
}
