package io.adapt4j.upkeep.cycle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.Temporaries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** File of a rollback guard's comparison, which must survive a failing disk and a damaged file. */
final class GuardFile {

  private static final Logger LOG = LoggerFactory.getLogger(GuardFile.class);

  private static final int ATTEMPTS = 200;
  private static final long PAUSE_MILLIS = 10;

  private final Path file;
  private final Map<String, String> owner;
  private boolean failing;

  GuardFile(Path file, String name, String figure) {
    this.file = file;
    this.owner = Map.of("model", name, "figure", figure);
  }

  /**
   * Runs work while no other guard uses the file. Where there is no lock, as on a disk that cannot
   * be written, it runs too.
   *
   * @return false if the file was in use for too long, or the thread was interrupted
   */
  boolean exclusively(Runnable work) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<ProcessLock> lock;
      try {
        lock = ProcessLock.tryTake(file.resolveSibling(file.getFileName() + ".lock"));
      } catch (IOException e) {
        work.run();
        return true;
      }
      if (lock.isPresent()) {
        try (ProcessLock held = lock.get()) {
          work.run();
        }
        return true;
      }
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return false;
  }

  /** Removes what a killed process left. */
  void sweep() {
    Temporaries.sweepOlderThan(file.toAbsolutePath().getParent(), Duration.ofDays(1));
  }

  /** Returns the content, if there is any that can be read. */
  Optional<JsonNode> read() {
    JsonNode json;
    try {
      if (Files.size(file) > BoundedFiles.SETTINGS) {
        throw new IOException("expected at most %d bytes".formatted(BoundedFiles.SETTINGS));
      }
      json = CheckedJson.read(file).json();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      warn(e);
      return Optional.empty();
    }
    requireOwn(json);
    return Optional.of(json);
  }

  void warn(Exception e) {
    LOG.warn("{}: the rollback guard compares anew: {}", file, e.getMessage());
  }

  private void requireOwn(JsonNode json) {
    owner.forEach(
        (field, value) -> {
          String found = json.path(field).asText(value);
          if (!found.equals(value)) {
            throw new IllegalArgumentException(
                "%s: %s: expected '%s', found '%s'. Give each guard a file of its own."
                    .formatted(file, field, value, found));
          }
        });
  }

  /** Replaces the content; returns whether that succeeded, and warns of the first failure. */
  boolean write(ObjectNode json) {
    owner.forEach(json::put);
    try {
      CheckedJson.write(file, json);
      failing = false;
    } catch (IOException e) {
      if (!failing) {
        LOG.warn("{}: writing failed, so scores are kept in memory alone: {}", file, e.toString());
      }
      failing = true;
    }
    return !failing;
  }
}
