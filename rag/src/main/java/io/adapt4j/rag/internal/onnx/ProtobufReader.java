package io.adapt4j.rag.internal.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Schema-less reader of the fields of a protobuf message (protobuf.dev, Encoding). Call {@link
 * #next}, then one of the reading methods or {@link #skip}.
 */
final class ProtobufReader {

  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int BYTES = 2;
  static final int FIXED32 = 5;

  private static final int LONGEST_VARINT = 64;

  private final ByteBuffer message;
  private int field;
  private int wireType;

  ProtobufReader(ByteBuffer message) {
    this.message = message.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Moves to the next field; false at the end of the message. */
  boolean next() {
    if (!hasMore()) {
      return false;
    }
    long tag = readVarint();
    field = (int) (tag >>> 3);
    wireType = (int) (tag & 7);
    return true;
  }

  boolean hasMore() {
    return message.hasRemaining();
  }

  int field() {
    return field;
  }

  int wireType() {
    return wireType;
  }

  long readVarint() {
    long value = 0;
    for (int shift = 0; shift < LONGEST_VARINT; shift += 7) {
      requireRemaining(1);
      byte part = message.get();
      value |= (long) (part & 0x7f) << shift;
      if (part >= 0) {
        return value;
      }
    }
    throw malformed("a number of at most 10 bytes");
  }

  /**
   * Reads the content of a nested message, a text or packed numbers; shares the message's memory.
   */
  ByteBuffer readBytes() {
    if (wireType != BYTES) {
      throw malformed("field " + field + " to have a length, its wire type is " + wireType);
    }
    long length = readVarint();
    requireRemaining(length);
    ByteBuffer content = message.slice(message.position(), (int) length);
    message.position(message.position() + (int) length);
    return content.order(ByteOrder.LITTLE_ENDIAN);
  }

  String readText() {
    return StandardCharsets.UTF_8.decode(readBytes()).toString();
  }

  void skip() {
    switch (wireType) {
      case VARINT -> readVarint();
      case FIXED64 -> skip(Long.BYTES);
      case BYTES -> readBytes();
      case FIXED32 -> skip(Integer.BYTES);
      default -> throw malformed("a wire type of 0, 1, 2 or 5, found " + wireType);
    }
  }

  private void skip(int bytes) {
    requireRemaining(bytes);
    message.position(message.position() + bytes);
  }

  private void requireRemaining(long bytes) {
    if (bytes < 0 || bytes > message.remaining()) {
      throw malformed(bytes + " more bytes, found " + message.remaining());
    }
  }

  private IllegalArgumentException malformed(String expected) {
    return new IllegalArgumentException(
        "Not a protobuf message: at byte " + message.position() + " expected " + expected);
  }
}
