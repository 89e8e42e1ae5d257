package io.adapt4j.studio.internal.run;

import java.time.Instant;
import java.util.Optional;

/** Processes that outlive the studio, found again by their number and the time of their start. */
public final class Processes {

  /** Difference of the clocks that a start is noted by. */
  private static final int SLACK_SECONDS = 5;

  private Processes() {}

  /** Returns a process that runs. A number that is used again belongs to one that began later. */
  public static Optional<ProcessHandle> find(long pid, Instant noted) {
    return ProcessHandle.of(pid)
        .filter(ProcessHandle::isAlive)
        .filter(
            process ->
                process
                    .info()
                    .startInstant()
                    .map(began -> !began.isAfter(noted.plusSeconds(SLACK_SECONDS)))
                    .orElse(true));
  }
}
