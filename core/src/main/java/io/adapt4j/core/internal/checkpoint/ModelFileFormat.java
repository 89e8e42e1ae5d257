package io.adapt4j.core.internal.checkpoint;

import java.nio.file.Path;

/**
 * Reads models that are a single file. A module that does is found by {@link
 * java.util.ServiceLoader}; see {@link SingleFileModels}.
 */
public interface ModelFileFormat {

  /** Returns whether files are of this format. */
  boolean names(Path file);

  /**
   * Writes what the file says beside its weights as a folder has it: configuration, tokenizer and
   * chat template.
   */
  void write(Path file, Path folder);

  /** Opens the weights. */
  TensorFile open(Path file);
}
