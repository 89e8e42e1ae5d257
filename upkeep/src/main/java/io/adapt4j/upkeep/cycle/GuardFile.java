package io.adapt4j.upkeep.cycle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.upkeep.registry.RegistryException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** File of a rollback guard's comparison, which must survive a failing disk and a damaged file. */
final class GuardFile {

  private static final Logger LOG = LoggerFactory.getLogger(GuardFile.class);

  private final Path file;
  private final Map<String, String> owner;
  private boolean failing;

  GuardFile(Path file, String name, String figure) {
    this.file = file;
    this.owner = Map.of("model", name, "figure", figure);
  }

  /** Gives the content to a reader, if there is any that makes sense. */
  void read(Consumer<JsonNode> reader) {
    Temporaries.sweepOlderThan(file.toAbsolutePath().getParent(), Duration.ofDays(1));
    JsonNode json;
    try {
      if (Files.size(file) > BoundedFiles.SETTINGS) {
        throw new IOException("expected at most %d bytes".formatted(BoundedFiles.SETTINGS));
      }
      json = CheckedJson.read(file).json();
    } catch (NoSuchFileException e) {
      return;
    } catch (IOException e) {
      warn(e);
      return;
    }
    requireOwn(json);
    try {
      reader.accept(json);
    } catch (IllegalArgumentException | RegistryException e) {
      warn(e);
    }
  }

  private void warn(Exception e) {
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
