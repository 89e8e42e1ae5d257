package io.adapt4j.gguf.format;

import java.util.List;

/**
 * A tensor of a file.
 *
 * @param name its name
 * @param shape its dimensions, the fastest first: a matrix is [columns, rows]
 * @param type storage type of its values
 * @param offset offset of its bytes from the start of the file's tensor data
 * @param bytes size in bytes
 */
public record GgufTensor(String name, List<Long> shape, TensorType type, long offset, long bytes) {

  /** Copies the shape. */
  public GgufTensor {
    shape = List.copyOf(shape);
  }

  /** {@return the number of values} */
  public long elements() {
    return bytes / type.blockBytes() * type.blockSize();
  }
}
