package io.adapt4j.core.internal.checkpoint;

import java.nio.file.Path;

/**
 * Reader of single-file models. Implementations are found by {@link java.util.ServiceLoader}; see
 * {@link SingleFileModels}.
 */
public interface ModelFileFormat {

  boolean names(Path file);

  /**
   * Writes the file's metadata in the layout of a model folder: configuration, tokenizer and chat
   * template.
   */
  void write(Path file, Path folder);

  TensorFile open(Path file);
}
