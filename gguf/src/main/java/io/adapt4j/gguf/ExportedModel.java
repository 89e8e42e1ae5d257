package io.adapt4j.gguf;

import io.adapt4j.core.method.Adapter;
import io.adapt4j.gguf.format.TensorType;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A GGUF file that was written, and the model it was made of.
 *
 * @param file the file
 * @param quantization how its matrices are stored
 * @param source the folder of the checkpoint it was made of
 * @param adapter the adapter merged into it; empty if there was none
 * @param parameters the number of its values
 * @param bytes the size of the file
 * @param types how many tensors there are of each type
 * @param modelfile the Ollama Modelfile beside it; empty if none was asked for
 */
public record ExportedModel(
    Path file,
    GgufQuantization quantization,
    Path source,
    Optional<Adapter> adapter,
    long parameters,
    long bytes,
    Map<TensorType, Integer> types,
    Optional<Path> modelfile) {

  /** Copies the map. */
  public ExportedModel {
    types = Map.copyOf(types);
  }

  /** {@return the bits of the file for each value of the model, metadata included} */
  public double bitsPerParameter() {
    return 8.0 * bytes / parameters;
  }
}
