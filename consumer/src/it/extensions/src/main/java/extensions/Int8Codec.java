package extensions;

import io.adapt4j.core.spi.WeightCodec;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/** Weights in 8 bits with one scale a row, the largest magnitude of the row over 127. */
public final class Int8Codec implements WeightCodec {

  @Override
  public String name() {
    return "int8 by row";
  }

  @Override
  public int rowBytes(int columns) {
    return Float.BYTES + columns;
  }

  @Override
  public void encode(FloatBuffer row, ByteBuffer bytes) {
    float largest = 0;
    for (int i = 0; i < row.limit(); i++) {
      largest = Math.max(largest, Math.abs(row.get(i)));
    }
    float scale = largest == 0 ? 1 : largest / 127;
    bytes.putFloat(scale);
    while (row.hasRemaining()) {
      bytes.put((byte) Math.round(row.get() / scale));
    }
  }

  @Override
  public void decode(ByteBuffer bytes, FloatBuffer row) {
    float scale = bytes.getFloat();
    while (row.hasRemaining()) {
      row.put(bytes.get() * scale);
    }
  }
}
