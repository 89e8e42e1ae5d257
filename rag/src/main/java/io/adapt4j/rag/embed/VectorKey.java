package io.adapt4j.rag.embed;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** SHA-256 key of a vector. */
record VectorKey(long a, long b, long c, long d) {

  static final int BYTES = 4 * Long.BYTES;

  static VectorKey of(byte[] sha256) {
    return read(ByteBuffer.wrap(sha256));
  }

  static VectorKey read(ByteBuffer from) {
    return new VectorKey(from.getLong(), from.getLong(), from.getLong(), from.getLong());
  }

  void write(ByteBuffer to) {
    to.putLong(a).putLong(b).putLong(c).putLong(d);
  }

  @Override
  public String toString() {
    ByteBuffer bytes = ByteBuffer.allocate(BYTES);
    write(bytes);
    return HexFormat.of().formatHex(bytes.array());
  }
}
