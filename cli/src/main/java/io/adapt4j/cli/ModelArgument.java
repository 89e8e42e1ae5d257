package io.adapt4j.cli;

import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.hub.HubException;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Parameters;

/** The model argument of a command. */
final class ModelArgument {

  private static final Pattern REPOSITORY = Pattern.compile("([\\w.-]+/[\\w.-]+)(?:@([\\w./-]+))?");

  @Parameters(
      paramLabel = "MODEL",
      description = "A checkpoint folder, a GGUF file, or OWNER/NAME[@REVISION] on a hub.")
  private String model;

  /** Returns the argument as a path, which may not exist. */
  Path path() {
    return Path.of(model);
  }

  /**
   * Returns the model folder, or one that represents a model file; a hub model is downloaded if
   * needed.
   */
  Path folder() {
    return folder("MODEL", model);
  }

  /** Returns the folder of a model. */
  static Path folder(String label, String model) {
    Path folder = Path.of(model);
    if (Files.exists(folder)) {
      return ModelSource.path(folder).folder();
    }
    Matcher repository = REPOSITORY.matcher(model);
    if (!repository.matches()) {
      throw new IllegalArgumentException(
          label
              + ": expected a folder, a GGUF file or OWNER/NAME of a hub, found "
              + model
              + ", which is none of them.");
    }
    String revision = repository.group(2) == null ? Hub.DEFAULT_REVISION : repository.group(2);
    try {
      return Hub.fromEnvironment().download(repository.group(1), revision);
    } catch (HubException e) {
      // A mistyped path may look like OWNER/NAME.
      throw new IllegalArgumentException(
          "%s: there is no folder %s, and on the hub: %s"
              .formatted(label, folder.toAbsolutePath().normalize(), e.getMessage()),
          e);
    }
  }
}
