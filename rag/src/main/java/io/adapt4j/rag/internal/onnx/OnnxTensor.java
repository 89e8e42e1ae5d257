package io.adapt4j.rag.internal.onnx;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A stored value of an ONNX graph (TensorProto).
 *
 * @param bytes the elements in row-major order, little-endian; shares the file's memory
 */
public record OnnxTensor(String name, List<Long> shape, int dataType, ByteBuffer bytes) {

  /** The code of fp32 elements. */
  public static final int FLOAT = 1;

  private static final int DIMS = 1;
  private static final int DATA_TYPE = 2;
  private static final int FLOAT_DATA = 4;
  private static final int NAME = 8;
  private static final int RAW_DATA = 9;

  /** Creates a tensor with its own copy of the shape. */
  public OnnxTensor {
    shape = List.copyOf(shape);
  }

  static OnnxTensor parse(ByteBuffer message) {
    ProtobufReader reader = new ProtobufReader(message);
    List<Long> shape = new ArrayList<>();
    int dataType = 0;
    String name = "";
    ByteBuffer bytes = ByteBuffer.allocate(0);
    while (reader.next()) {
      switch (reader.field()) {
        case DIMS -> readDimensions(reader, shape);
        case DATA_TYPE -> dataType = (int) reader.readVarint();
        case NAME -> name = reader.readText();
        // Packed floats and raw data have the same bytes.
        case FLOAT_DATA, RAW_DATA -> bytes = reader.readBytes();
        default -> reader.skip();
      }
    }
    return new OnnxTensor(name, shape, dataType, bytes);
  }

  private static void readDimensions(ProtobufReader reader, List<Long> shape) {
    if (reader.wireType() != ProtobufReader.BYTES) {
      shape.add(reader.readVarint());
      return;
    }
    ProtobufReader packed = new ProtobufReader(reader.readBytes());
    while (packed.hasMore()) {
      shape.add(packed.readVarint());
    }
  }

  /** Returns the elements of an fp32 tensor: a view of them in row-major order. */
  public FloatBuffer floats() {
    long count = shape.stream().reduce(1L, Math::multiplyExact);
    if (dataType != FLOAT || bytes.remaining() != count * Float.BYTES) {
      throw new IllegalArgumentException(
          ("tensor '%s': expected %s fp32 elements inside the file, found %s bytes of ONNX"
                  + " data type %s")
              .formatted(name, count, bytes.remaining(), dataType));
    }
    return bytes.asFloatBuffer();
  }
}
