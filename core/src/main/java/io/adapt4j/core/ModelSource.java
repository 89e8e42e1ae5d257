package io.adapt4j.core;

import java.nio.file.Path;
import java.util.Objects;

/** Where a model is read from. */
public final class ModelSource {

  private final Path folder;

  private ModelSource(Path folder) {
    this.folder = folder;
  }

  /**
   * Names a Hugging Face checkpoint folder on disk.
   *
   * @param folder the folder that holds {@code config.json} and the weights
   * @return the source; nothing is read yet
   */
  public static ModelSource path(Path folder) {
    return new ModelSource(Objects.requireNonNull(folder, "folder"));
  }

  /** The folder on disk. */
  Path folder() {
    return folder;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ModelSource source && folder.equals(source.folder);
  }

  @Override
  public int hashCode() {
    return folder.hashCode();
  }

  @Override
  public String toString() {
    return folder.toString();
  }
}
