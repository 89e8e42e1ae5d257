package io.adapt4j.gguf.format;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes little-endian values of a header to memory. */
final class HeaderOutput {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final ByteBuffer number = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  HeaderOutput putInt(int value) {
    bytes.write(number.putInt(0, value).array(), 0, Integer.BYTES);
    return this;
  }

  HeaderOutput putLong(long value) {
    bytes.write(number.putLong(0, value).array(), 0, Long.BYTES);
    return this;
  }

  HeaderOutput putString(String text) {
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    putLong(encoded.length);
    bytes.writeBytes(encoded);
    return this;
  }

  HeaderOutput putValue(MetadataValue value) {
    if (value.isArray()) {
      putInt(ValueType.ARRAY).putInt(value.type().id()).putLong(value.size());
    } else {
      putInt(value.type().id());
    }
    value.strings().forEach(this::putString);
    bytes.writeBytes(value.bytes());
    return this;
  }

  /** Pads with zeros to a multiple of the alignment. */
  HeaderOutput pad(int alignment) {
    bytes.writeBytes(new byte[(int) (GgufHeader.align(bytes.size(), alignment) - bytes.size())]);
    return this;
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }
}
