package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Rows in a checkpoint, read on demand. */
final class StoredRows implements Rows {

  private final Checkpoint checkpoint;
  private final TensorEntry entry;
  private final long rows;
  private final int columns;

  StoredRows(Checkpoint checkpoint, String name) {
    this.checkpoint = checkpoint;
    this.entry = checkpoint.entry(name);
    List<Long> shape = entry.shape();
    if (shape.isEmpty()) {
      throw new CheckpointException(
          entry.file() + ": tensor '" + name + "': expected at least one dimension, found none.");
    }
    this.columns = Math.toIntExact(shape.get(shape.size() - 1));
    this.rows = columns == 0 ? 0 : entry.elements() / columns;
  }

  @Override
  public long rows() {
    return rows;
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public void read(long first, int count, float[] target, int offset) {
    StoredType type = entry.type();
    int values = Math.multiplyExact(count, columns);
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values, type.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    checkpoint.read(entry.name(), first * columns * type.bytes(), bytes);
    bytes.flip();
    switch (type) {
      case F32 -> bytes.asFloatBuffer().get(target, offset, values);
      case BF16 -> {
        for (int i = 0; i < values; i++) {
          target[offset + i] = Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
        }
      }
      case F16 -> Quantizer.of(TensorType.F16).dequantize(bytes, target, offset, values);
      case F64 -> {
        for (int i = 0; i < values; i++) {
          target[offset + i] = (float) bytes.getDouble(8 * i);
        }
      }
      default ->
          throw new CheckpointException(
              entry.file()
                  + ": tensor '"
                  + entry.name()
                  + "': expected F32, F16, BF16 or F64, found "
                  + type
                  + ".");
    }
  }
}
