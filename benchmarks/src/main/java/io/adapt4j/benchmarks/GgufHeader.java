package io.adapt4j.benchmarks;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;

/**
 * The part of a GGUF file before its tensors' bytes, version 3: little-endian, names and values,
 * then where each tensor lies.
 */
final class GgufHeader {

  /** Tensors begin at multiples of it. */
  static final int ALIGNMENT = 32;

  private static final int VERSION = 3;
  private static final int UINT32 = 4;
  private static final int INT32 = 5;
  private static final int FLOAT32 = 6;
  private static final int BOOL = 7;
  private static final int STRING = 8;
  private static final int ARRAY = 9;

  private final Words values = new Words();
  private final Words tensors = new Words();
  private long valueCount;
  private long tensorCount;
  private long end;

  /** Little-endian numbers and texts. */
  private static final class Words {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Words number(int value) {
      return put(Integer.BYTES, buffer -> buffer.putInt(value));
    }

    Words number(long value) {
      return put(Long.BYTES, buffer -> buffer.putLong(value));
    }

    Words number(float value) {
      return put(Float.BYTES, buffer -> buffer.putFloat(value));
    }

    Words text(String text) {
      byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
      number((long) encoded.length);
      bytes.writeBytes(encoded);
      return this;
    }

    private Words put(int count, Consumer<ByteBuffer> value) {
      ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
      value.accept(buffer);
      bytes.writeBytes(buffer.array());
      return this;
    }
  }

  private Words value(String name, int type) {
    valueCount++;
    return values.text(name).number(type);
  }

  private Words array(String name, int type, int count) {
    return value(name, ARRAY).number(type).number((long) count);
  }

  void put(String name, String text) {
    value(name, STRING).text(text);
  }

  void put(String name, int number) {
    value(name, UINT32).number(number);
  }

  void put(String name, float number) {
    value(name, FLOAT32).number(number);
  }

  void put(String name, boolean flag) {
    value(name, BOOL).bytes.write(flag ? 1 : 0);
  }

  void putTexts(String name, List<String> texts) {
    Words words = array(name, STRING, texts.size());
    texts.forEach(words::text);
  }

  void putFloats(String name, float[] numbers) {
    Words words = array(name, FLOAT32, numbers.length);
    for (float number : numbers) {
      words.number(number);
    }
  }

  void putInts(String name, int[] numbers) {
    Words words = array(name, INT32, numbers.length);
    for (int number : numbers) {
      words.number(number);
    }
  }

  /**
   * Adds a tensor behind those before it.
   *
   * @param name what llama.cpp calls it
   * @param shape the outermost dimension first, as elsewhere; in the file it is the last
   * @param type ggml's number of its type
   * @param bytes its size
   */
  void tensor(String name, List<Long> shape, int type, long bytes) {
    tensorCount++;
    tensors.text(name).number(shape.size());
    for (int i = shape.size() - 1; i >= 0; i--) {
      tensors.number((long) shape.get(i));
    }
    tensors.number(type).number(end);
    end += bytes + padding(bytes);
  }

  /** How many bytes are missing to a multiple of the alignment. */
  static int padding(long bytes) {
    return (int) ((ALIGNMENT - bytes % ALIGNMENT) % ALIGNMENT);
  }

  /** The bytes before those of the first tensor. */
  byte[] bytes() {
    Words all = new Words();
    all.bytes.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    all.number(VERSION).number(tensorCount).number(valueCount);
    all.bytes.writeBytes(values.bytes.toByteArray());
    all.bytes.writeBytes(tensors.bytes.toByteArray());
    all.bytes.writeBytes(new byte[padding(all.bytes.size())]);
    return all.bytes.toByteArray();
  }
}
