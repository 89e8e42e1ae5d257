package io.adapt4j.gguf;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How much each input of a linear layer matters: the mean square of its values over the tokens of a
 * dataset, as llama.cpp's {@code imatrix} computes it.
 */
public final class ImportanceMatrix {

  private final Map<String, float[]> columns;

  private ImportanceMatrix(Map<String, float[]> columns) {
    this.columns = columns;
  }

  static ImportanceMatrix of(Map<String, float[]> columns) {
    return new ImportanceMatrix(new LinkedHashMap<>(columns));
  }

  /** By the names of tensors in the file. */
  Map<String, float[]> columns() {
    return columns;
  }
}
