package io.adapt4j.core.internal.checkpoint;

import io.adapt4j.core.exception.CheckpointException;
import java.nio.file.Path;

/**
 * Reads models that are a single file. A module that does is found by {@link
 * java.util.ServiceLoader}; see {@link SingleFileModels}.
 */
public interface ModelFileFormat {

  /**
   * Returns whether files are of this format.
   *
   * @param file a file, which need not be read
   * @return whether it has the name of one
   */
  boolean names(Path file);

  /**
   * Writes what the file says beside its weights as a folder has it: configuration, tokenizer and
   * chat template.
   *
   * @param file the file
   * @param folder an empty folder
   * @throws CheckpointException if the file is damaged, or holds a model that is not supported
   */
  void write(Path file, Path folder);

  /**
   * Opens the weights.
   *
   * @param file the file
   * @return the tensors under the names that they have in a folder
   * @throws CheckpointException if the file is damaged
   */
  TensorFile open(Path file);
}
