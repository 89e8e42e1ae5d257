package io.adapt4j.core.monitor;

import io.adapt4j.core.internal.train.SettingsText;
import io.adapt4j.core.train.RunStart;
import java.nio.file.Path;

/** Files that an earlier run left in the output folder. */
final class EarlierRun {

  private EarlierRun() {}

  /**
   * Returns whether a run replaces a file or folder of an earlier one: the run is allowed to
   * overwrite, and the file is inside its output folder.
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
