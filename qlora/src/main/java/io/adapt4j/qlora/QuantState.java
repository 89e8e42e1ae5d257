package io.adapt4j.qlora;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.kernels.internal.FourBitCode;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.QuantizedTensor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The JSON that bitsandbytes stores with a quantized weight. */
record QuantState(
    FourBitCode type,
    int blockSize,
    StoredType original,
    List<Long> shape,
    Optional<Nested> nested) {

  /** Quantization of the scales. */
  record Nested(int blockSize, float offset) {}

  private static final Map<String, StoredType> TYPES =
      Map.of("float32", StoredType.F32, "float16", StoredType.F16, "bfloat16", StoredType.BF16);

  static String typeName(StoredType type) {
    return TYPES.entrySet().stream()
        .filter(named -> named.getValue() == type)
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no 4-bit weights come from " + type));
  }

  FourBitFormat format() {
    return new FourBitFormat(type, blockSize, nested.isPresent());
  }

  /** Returns the JSON as Python's json.dumps writes it, in UTF-8. */
  byte[] toBytes() {
    StringBuilder json = new StringBuilder();
    json.append("{\"quant_type\": \"").append(type.fileName());
    json.append("\", \"blocksize\": ").append(blockSize);
    json.append(", \"dtype\": \"").append(typeName(original));
    json.append("\", \"shape\": ").append(shape);
    nested.ifPresent(
        scales ->
            json.append(", \"nested_blocksize\": ")
                .append(scales.blockSize())
                .append(", \"nested_dtype\": \"float32\", \"nested_offset\": ")
                .append((double) scales.offset()));
    return json.append('}').toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Reads the JSON. */
  static QuantState parse(TensorEntry entry, byte[] bytes) {
    return new Reader(entry, json(entry, bytes)).read();
  }

  private static JsonNode json(TensorEntry entry, byte[] bytes) {
    try {
      JsonNode json = Json.parseStrictly(new String(bytes, StandardCharsets.UTF_8));
      if (json.isObject()) {
        return json;
      }
      throw Problems.inTensor(entry, "a JSON object", Json.compact(json), Problems.DAMAGED);
    } catch (JsonProcessingException e) {
      CheckpointException damaged =
          Problems.inTensor(
              entry,
              "JSON that describes the quantized weight",
              String.valueOf(e.getOriginalMessage()),
              Problems.DAMAGED);
      throw new CheckpointException(String.valueOf(damaged.getMessage()), e);
    }
  }

  private record Reader(TensorEntry entry, JsonNode json) {

    QuantState read() {
      return new QuantState(type(), blockSize(), original(), shape(), nested());
    }

    private FourBitCode type() {
      String name = text("quant_type", "'nf4' or 'fp4'");
      for (FourBitCode type : FourBitCode.values()) {
        if (type.fileName().equals(name) && entry.name().endsWith("__" + name)) {
          return type;
        }
      }
      throw problem("quant_type", "'nf4' or 'fp4', as in the tensor's name");
    }

    private int blockSize() {
      long size = wholeNumber("blocksize", FourBitFormat.BLOCK_SIZES);
      if (!FourBitFormat.isBlockSize(size)) {
        throw problem("blocksize", FourBitFormat.BLOCK_SIZES);
      }
      return (int) size;
    }

    private StoredType original() {
      String expected = "one of float32, float16, bfloat16";
      StoredType type = TYPES.get(text("dtype", expected));
      if (type == null) {
        throw problem("dtype", expected);
      }
      return type;
    }

    private List<Long> shape() {
      List<Long> shape = new ArrayList<>();
      for (JsonNode size : json.path("shape")) {
        if (!size.canConvertToExactIntegral() || size.longValue() < 1) {
          throw problem("shape", "a list of positive whole numbers");
        }
        shape.add(size.longValue());
      }
      if (shape.isEmpty()) {
        throw problem("shape", "a list of positive whole numbers");
      }
      try {
        QuantizedTensor.elements(shape);
      } catch (ArithmeticException e) {
        throw problem("shape", "sizes whose product fits a long");
      }
      return shape;
    }

    private Optional<Nested> nested() {
      if (!json.has("nested_blocksize") && !json.has("nested_offset")) {
        return Optional.empty();
      }
      long size = wholeNumber("nested_blocksize", "a positive whole number");
      if (size < 1 || size > Integer.MAX_VALUE) {
        throw problem("nested_blocksize", "a positive whole number");
      }
      if (!text("nested_dtype", "float32").equals("float32")) {
        throw problem("nested_dtype", "float32");
      }
      float offset = (float) json.path("nested_offset").asDouble(Double.NaN);
      if (!json.path("nested_offset").isNumber() || !Float.isFinite(offset)) {
        throw problem("nested_offset", "a finite number");
      }
      return Optional.of(new Nested((int) size, offset));
    }

    private String text(String field, String expected) {
      if (!json.path(field).isTextual()) {
        throw problem(field, expected);
      }
      return json.path(field).textValue();
    }

    private long wholeNumber(String field, String expected) {
      if (!json.path(field).isIntegralNumber() || !json.path(field).canConvertToLong()) {
        throw problem(field, expected);
      }
      return json.path(field).longValue();
    }

    private CheckpointException problem(String field, String expected) {
      return Problems.inField(
          entry,
          field,
          expected,
          json.has(field) ? Json.compact(json.path(field)) : "no such field");
    }
  }
}
