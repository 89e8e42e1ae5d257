package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/**
 * Storage of a {@link TensorType}: its number in files, the size of its blocks, and their encoding,
 * which works on plain arrays that the caller has checked.
 */
abstract class BlockFormat {

  private final int id;
  private final int values;
  private final int bytes;

  /**
   * Describes the storage.
   *
   * @param id the number in files, {@code ggml_type}
   * @param values number of values in a block
   * @param bytes number of bytes of a block
   */
  BlockFormat(int id, int values, int bytes) {
    this.id = id;
    this.values = values;
    this.bytes = bytes;
  }

  final int id() {
    return id;
  }

  final int values() {
    return values;
  }

  final int bytes() {
    return bytes;
  }

  /**
   * Quantizes blocks of finite values.
   *
   * @param weights importance of each column, for whole rows; null if all values are equally
   *     important
   * @param out takes the bytes
   */
  abstract void encode(
      float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at);

  /**
   * Dequantizes blocks.
   *
   * @param source holds the bytes
   */
  abstract void decode(byte[] source, int at, int blocks, float[] values, int offset);

  /** {@return the byte offsets of the fp16 scales in a block} */
  int[] scales() {
    return new int[0];
  }

  /** Returns whether blocks can be encoded, not only decoded. */
  boolean isEncoded() {
    return true;
  }

  /** Storage that files of others have, which is read and not written. */
  abstract static class ReadOnly extends BlockFormat {

    ReadOnly(int id, int values, int bytes) {
      super(id, values, bytes);
    }

    @Override
    final boolean isEncoded() {
      return false;
    }

    @Override
    final void encode(
        float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
      throw new UnsupportedOperationException("This type is read, not written");
    }
  }
}
