package io.adapt4j.gguf.format;

import static java.util.Map.entry;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The checked header of a file: its keys, its tensors, and where the tensors' bytes begin. */
record GgufHeader(GgufMetadata metadata, Map<String, GgufTensor> tensors, long dataStart) {

  /** {@code GGUF} as a little-endian number. */
  static final int MAGIC = 0x46554747;

  static final int VERSION = 3;

  static final int DEFAULT_ALIGNMENT = 32;
  static final int MAX_ALIGNMENT = 1 << 20;

  /** ggml's limit of dimensions. */
  static final int MAX_DIMENSIONS = 4;

  /**
   * Limit of the header's size: far more than the largest vocabulary needs, and a bound on memory.
   */
  static final long MAX_BYTES = 128L << 20;

  private static final int MAX_NAME_BYTES = 1 << 16;

  /** Names of the types that are not read. */
  private static final Map<Integer, String> UNREAD =
      Map.ofEntries(
          entry(4, "Q4_2, removed from llama.cpp"),
          entry(5, "Q4_3, removed from llama.cpp"),
          entry(9, "Q8_1"),
          entry(15, "Q8_K"),
          entry(24, "I8"),
          entry(25, "I16"),
          entry(26, "I32"),
          entry(27, "I64"),
          entry(28, "F64"),
          entry(31, "Q4_0_4_4, removed from llama.cpp"),
          entry(32, "Q4_0_4_8, removed from llama.cpp"),
          entry(33, "Q4_0_8_8, removed from llama.cpp"),
          entry(36, "IQ4_NL_4_4, removed from llama.cpp"),
          entry(37, "IQ4_NL_4_8, removed from llama.cpp"),
          entry(38, "IQ4_NL_8_8, removed from llama.cpp"));

  /** Minimum size of a key with its length, a type and a value of one byte. */
  private static final int MIN_VALUE_BYTES = Long.BYTES + Integer.BYTES + 1;

  /**
   * Minimum size of a tensor's entry: a name with its length, the number of dimensions, the type
   * and the offset.
   */
  private static final int MIN_TENSOR_BYTES = Long.BYTES + 2 * Integer.BYTES + Long.BYTES;

  static GgufHeader read(Path file, HeaderInput.Bytes bytes, long fileSize) throws IOException {
    return new Reader(file, new HeaderInput(file, bytes, fileSize, MAX_BYTES), fileSize).read();
  }

  /** Returns the next multiple of the alignment; -1 beyond 2^63. */
  static long align(long position, long alignment) {
    long end = position + (alignment - position % alignment) % alignment;
    return end < position ? -1 : end;
  }

  static boolean isAlignment(long alignment) {
    return alignment >= 8 && alignment <= MAX_ALIGNMENT && Long.bitCount(alignment) == 1;
  }

  /** Returns the number of values; -1 for a negative dimension or one beyond 2^63. */
  static long elements(List<Long> shape) {
    long elements = 1;
    boolean isEmpty = false;
    for (long dimension : shape) {
      if (dimension < 0 || (dimension > 0 && elements > Long.MAX_VALUE / dimension)) {
        return -1;
      }
      isEmpty |= dimension == 0;
      elements *= Math.max(1, dimension);
    }
    return isEmpty ? 0 : elements;
  }

  private static long row(List<Long> shape) {
    return shape.isEmpty() ? 1 : shape.get(0);
  }

  /** Returns the size of values in bytes; -1 for rows of partial blocks or beyond 2^63. */
  static long bytes(TensorType type, List<Long> shape) {
    long elements = elements(shape);
    if (elements < 0
        || row(shape) % type.blockSize() != 0
        || elements / type.blockSize() > Long.MAX_VALUE / type.blockBytes()) {
      return -1;
    }
    return type.bytes(elements);
  }

  /** One pass over a header. */
  private record Reader(Path file, HeaderInput in, long fileSize) {

    GgufHeader read() throws IOException {
      int magic = in.readInt("magic");
      if (magic != MAGIC) {
        throw GgufException.in(
            file,
            "magic",
            "the letters GGUF",
            "0x%08x".formatted(Integer.reverseBytes(magic)),
            "Check that this is a GGUF file.");
      }
      checkVersion(in.readInt("version"));
      int tensorCount = in.readCount("number of tensors", MIN_TENSOR_BYTES);
      int valueCount = in.readCount("number of keys", MIN_VALUE_BYTES);
      Map<String, MetadataValue> values = new LinkedHashMap<>();
      for (int i = 0; i < valueCount; i++) {
        String key = name("key " + i);
        if (values.put(key, value(key)) != null) {
          throw in.invalid("key " + quoted(key), "each key once", "it twice");
        }
      }
      GgufMetadata metadata = GgufMetadata.of(values);
      int alignment = alignment(metadata);
      Map<String, GgufTensor> tensors = new LinkedHashMap<>();
      for (int i = 0; i < tensorCount; i++) {
        GgufTensor tensor = tensor(i);
        if (tensors.put(tensor.name(), tensor) != null) {
          throw in.invalid("tensor " + quoted(tensor.name()), "each name once", "it twice");
        }
      }
      long dataStart = align(in.position(), alignment);
      checkPlaces(tensors, alignment, dataStart);
      return new GgufHeader(metadata, Collections.unmodifiableMap(tensors), dataStart);
    }

    /** Versions 2 and 3 have the same layout: the third only allows big-endian files. */
    private void checkVersion(int version) {
      if (version == VERSION || version == 2) {
        return;
      }
      boolean isSwapped = Integer.reverseBytes(version) == VERSION;
      throw GgufException.in(
          file,
          "version",
          "2 or 3",
          isSwapped ? "a big-endian file" : Integer.toUnsignedString(version),
          "Convert the model with a current converter"
              + (isSwapped ? " for a little-endian machine." : "."));
    }

    private String name(String field) throws IOException {
      String name = in.readString(field);
      if (name.length() > MAX_NAME_BYTES) {
        throw in.invalid(
            field, "at most " + MAX_NAME_BYTES + " characters", Integer.toString(name.length()));
      }
      return name;
    }

    private MetadataValue value(String key) throws IOException {
      String field = "key " + quoted(key);
      int id = in.readInt("type of " + field);
      if (id != ValueType.ARRAY) {
        return value(type(id, field), field, false, 1);
      }
      int elementId = in.readInt("element type of " + field);
      if (elementId == ValueType.ARRAY) {
        throw GgufException.in(
            file,
            field,
            "an array of numbers, booleans or texts",
            "an array of arrays",
            "llama.cpp refuses it too: write the file without this key.");
      }
      ValueType type = type(elementId, field);
      int bytesEach = type == ValueType.STRING ? Long.BYTES : type.bytes();
      return value(type, field, true, in.readCount("elements of " + field, bytesEach));
    }

    private ValueType type(int id, String field) {
      for (ValueType type : ValueType.values()) {
        if (type.id() == id) {
          return type;
        }
      }
      throw in.invalid("type of " + field, "0 to 12", Integer.toUnsignedString(id));
    }

    private MetadataValue value(ValueType type, String field, boolean array, int count)
        throws IOException {
      if (type == ValueType.STRING) {
        List<String> strings = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          strings.add(in.readString(field));
        }
        return MetadataValue.strings(array, strings);
      }
      byte[] bytes = in.readBytes(count * type.bytes(), field);
      if (type == ValueType.BOOL) {
        for (byte bit : bytes) {
          if (bit != 0 && bit != 1) {
            throw in.invalid(field, "booleans of 0 or 1", Integer.toString(bit & 0xFF));
          }
        }
      }
      return MetadataValue.numbers(type, array, bytes);
    }

    private int alignment(GgufMetadata metadata) {
      if (!metadata.keys().contains(GgufMetadata.ALIGNMENT)) {
        return DEFAULT_ALIGNMENT;
      }
      long alignment = metadata.integer(GgufMetadata.ALIGNMENT).orElse(-1);
      if (!isAlignment(alignment)) {
        throw in.invalid(
            "key " + quoted(GgufMetadata.ALIGNMENT),
            "a power of two from 8 to " + MAX_ALIGNMENT,
            String.valueOf(metadata.values().get(GgufMetadata.ALIGNMENT)));
      }
      return (int) alignment;
    }

    private GgufTensor tensor(int index) throws IOException {
      String name = name("name of tensor " + index);
      String field = "tensor " + quoted(name);
      int dimensions = in.readInt("dimensions of " + field);
      if (dimensions < 0 || dimensions > MAX_DIMENSIONS) {
        throw in.invalid(
            "dimensions of " + field,
            "at most " + MAX_DIMENSIONS,
            Integer.toUnsignedString(dimensions));
      }
      List<Long> shape = new ArrayList<>();
      for (int i = 0; i < dimensions; i++) {
        shape.add(in.readLong("shape of " + field));
      }
      int id = in.readInt("type of " + field);
      TensorType type = TensorType.of(id).orElseThrow(() -> unknownType(field, id));
      long bytes = bytes(type, shape);
      if (bytes < 0) {
        boolean isHuge = elements(shape) < 0 || row(shape) % type.blockSize() == 0;
        throw in.invalid(
            "shape of " + field,
            isHuge
                ? "fewer than 2^63 values and bytes"
                : "rows of a multiple of " + type.blockSize() + " values for " + type,
            shape.toString());
      }
      long offset = in.readLong("offset of " + field);
      return new GgufTensor(name, shape, type, offset, bytes);
    }

    private GgufException unknownType(String field, int id) {
      return GgufException.in(
          file,
          "type of " + field,
          "one of " + List.of(TensorType.values()),
          "ggml type %s (%s)"
              .formatted(
                  Integer.toUnsignedString(id), UNREAD.getOrDefault(id, "unknown, perhaps newer")),
          "Quantize the model to one of these types.");
    }

    private void checkPlaces(Map<String, GgufTensor> tensors, int alignment, long dataStart) {
      List<GgufTensor> sorted = new ArrayList<>(tensors.values());
      sorted.sort(
          Comparator.comparingLong(GgufTensor::offset).thenComparingLong(GgufTensor::bytes));
      long end = 0;
      long available = Math.max(0, fileSize - dataStart);
      for (GgufTensor tensor : sorted) {
        String field = "offset of tensor " + quoted(tensor.name());
        String found = Long.toUnsignedString(tensor.offset());
        if (tensor.offset() < 0 || tensor.offset() % alignment != 0) {
          throw in.invalid(field, "a multiple of " + alignment + " below 2^63", found);
        }
        if (tensor.offset() < end) {
          throw in.invalid(field, "at least " + end + ", the end of the tensor before it", found);
        }
        if (tensor.offset() > available || tensor.bytes() > available - tensor.offset()) {
          throw in.invalid(
              field,
              "%d bytes that end within the %d of the tensor data"
                  .formatted(tensor.bytes(), available),
              "the beginning at byte " + found);
        }
        end = tensor.offset() + tensor.bytes();
      }
    }

    /** Quotes a name; in a malicious file, names may be long or contain anything. */
    private static String quoted(String name) {
      String printable = name.replaceAll("\\p{Cntrl}", "?");
      return "'"
          + (printable.length() <= 80 ? printable : printable.substring(0, 80) + "...")
          + "'";
    }
  }
}
