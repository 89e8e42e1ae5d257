package io.adapt4j.core.internal.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * View of weights in 8-bit floats (E4M3 or E5M2) with scales, one for a whole weight or one for
 * each of its rows or blocks, as dequantized 32-bit floats. Activation scales are omitted: the view
 * is a checkpoint of plain weights. Values are decoded piece by piece as they are read.
 */
public final class EightBitFloats implements TensorFile {

  private static final String WEIGHT = ".weight";
  private static final String QUANTIZATION = "quantization_config";

  /**
   * Suffixes of scale names: of DeepSeek, Qwen and Mistral, and of FBGEMM and compressed-tensors.
   */
  private static final List<String> SCALES = List.of("weight_scale_inv", "weight_scale");

  /** Scales that are ignored: those of activations and of key-value caches. */
  private static final Pattern OTHER_SCALES =
      Pattern.compile(
          ".*\\.(activation_scale|input_scale|input_scale_ub"
              + "|self_attn\\.[kv]_scale|self_attn\\.[qkv]_proj\\.output_scale)");

  private static final Map<StoredType, float[]> NUMBERS =
      Map.of(StoredType.F8_E4M3, numbers(3, true), StoredType.F8_E5M2, numbers(2, false));

  private final Path folder;
  private final Map<String, Scaled> weights;
  private final Map<String, TensorEntry> entries;

  /** A quantized weight and its scales. */
  private record Scaled(
      TensorFile file,
      long columns,
      Scale factors,
      long factorColumns,
      long blockRows,
      long blockColumns) {

    StoredType type(String name) {
      return file.entry(name).type();
    }
  }

  /** The scales of a weight and the file they are in. */
  private record Scale(TensorFile file, String name) {}

  private EightBitFloats(Path folder, Map<String, Scaled> weights, List<TensorEntry> shown) {
    this.folder = folder;
    this.weights = weights;
    Map<String, TensorEntry> all = new LinkedHashMap<>();
    shown.forEach(entry -> all.put(entry.name(), entry));
    this.entries = Collections.unmodifiableMap(all);
  }

  /** Replaces the 8-bit floats of a checkpoint with their decoded views. */
  static Map<String, TensorFile> shown(Path folder, Map<String, TensorFile> fileOf) {
    Map<String, String> scaleOf = new LinkedHashMap<>();
    fileOf.forEach(
        (name, file) -> scaleOf(name, file, fileOf).ifPresent(scale -> scaleOf.put(name, scale)));
    Optional<EightBitLayout> layout = scaleOf.isEmpty() ? Optional.empty() : layout(folder);
    if (layout.isEmpty()) {
      return fileOf;
    }
    Map<String, Scaled> weights = new LinkedHashMap<>();
    List<TensorEntry> plain = new ArrayList<>();
    scaleOf.forEach(
        (name, scale) -> {
          TensorFile file = fileOf.get(name);
          weights.put(name, scaled(file.entry(name), file, scale, fileOf.get(scale), layout.get()));
          plain.add(asFloats(file.entry(name)));
        });
    EightBitFloats decoded = new EightBitFloats(folder, weights, plain);
    Map<String, TensorFile> shown = new LinkedHashMap<>();
    fileOf.forEach((name, file) -> shown.put(name, weights.containsKey(name) ? decoded : file));
    shown.keySet().removeAll(scaleOf.values());
    shown.keySet().removeIf(name -> OTHER_SCALES.matcher(name).matches());
    return shown;
  }

  /** Returns whether a {@code quantization_config} describes supported 8-bit floats. */
  public static boolean areRead(JsonNode quantization) {
    return EightBitLayout.read(quantization).isPresent();
  }

  public static boolean isType(String storedType) {
    return NUMBERS.keySet().stream().anyMatch(type -> type.name().equals(storedType));
  }

  private static Optional<String> scaleOf(
      String name, TensorFile file, Map<String, TensorFile> fileOf) {
    if (!name.endsWith(WEIGHT) || !NUMBERS.containsKey(file.entry(name).type())) {
      return Optional.empty();
    }
    return SCALES.stream()
        .map(scale -> pathOf(name) + scale)
        .filter(fileOf::containsKey)
        .findFirst();
  }

  private static String pathOf(String weight) {
    return weight.substring(0, weight.length() - WEIGHT.length() + 1);
  }

  private static TensorEntry asFloats(TensorEntry entry) {
    return new TensorEntry(
        entry.name(),
        StoredType.F32,
        entry.shape(),
        entry.file(),
        entry.offset(),
        entry.length() * StoredType.F32.bytes());
  }

  private static Scaled scaled(
      TensorEntry entry, TensorFile file, String scale, TensorFile holder, EightBitLayout layout) {
    TensorEntry factors = holder.entry(scale);
    boolean known =
        factors.type() == StoredType.F32
            || factors.type() == StoredType.BF16
            || factors.type() == StoredType.F16;
    if (entry.shape().size() != 2 || !known) {
      throw CheckpointException.inTensor(
          entry.file(),
          scale,
          "scales in F32, BF16 or F16 beside a matrix",
          factors.type() + " beside " + entry.shape(),
          "Only such 8-bit floats are read: use the model's original weights.");
    }
    long columns = entry.shape().get(1);
    EightBitLayout.Block block = layout.block(entry, scale, factors);
    return new Scaled(
        file,
        columns,
        new Scale(holder, scale),
        (columns + block.columns() - 1) / block.columns(),
        block.rows(),
        block.columns());
  }

  private static Optional<EightBitLayout> layout(Path folder) {
    JsonNode config = config(folder);
    return EightBitLayout.read(config.path(QUANTIZATION))
        .or(() -> EightBitLayout.read(config.path("text_config").path(QUANTIZATION)));
  }

  /** Reads a folder's configuration; returns a missing node if it has none that can be read. */
  static JsonNode config(Path folder) {
    try {
      return Json.parse(BoundedFiles.readText(folder.resolve("config.json"), BoundedFiles.INDEX));
    } catch (IOException e) {
      // Reported by the code that needs the configuration.
      return MissingNode.getInstance();
    }
  }

  /**
   * Decodes all codes: sign, exponent and mantissa.
   *
   * @param finite whether only the last code is NaN and none is infinite
   */
  private static float[] numbers(int bits, boolean finite) {
    int highest = (1 << (7 - bits)) - 1;
    int bias = highest >> 1;
    float[] numbers = new float[256];
    for (int code = 0; code < numbers.length; code++) {
      int exponent = code >> bits & highest;
      int mantissa = code & (1 << bits) - 1;
      float size =
          exponent == 0
              ? Math.scalb((float) mantissa, 1 - bias - bits)
              : Math.scalb((float) ((1 << bits) + mantissa), exponent - bias - bits);
      if (finite ? (code & 127) == 127 : exponent == highest) {
        size = finite || mantissa > 0 ? Float.NaN : Float.POSITIVE_INFINITY;
      }
      numbers[code] = code < 128 ? size : -size;
    }
    return numbers;
  }

  @Override
  public Path file() {
    return folder;
  }

  @Override
  public Map<String, TensorEntry> entries() {
    return entries;
  }

  @Override
  public ByteBuffer bytes(String name, long offset, int length) {
    ByteBuffer decoded = ByteBuffer.allocate(length);
    read(name, offset, decoded);
    return decoded.flip().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void read(String name, long offset, ByteBuffer target) {
    int length = target.remaining();
    int wide = StoredType.F32.bytes();
    if (offset < 0 || length > entry(name).length() - offset) {
      throw new IndexOutOfBoundsException(
          "bytes " + offset + " to " + (offset + length) + " do not lie inside tensor " + name);
    }
    if (offset % wide != 0 || length % wide != 0) {
      throw new IllegalArgumentException("8-bit floats are decoded as whole numbers of 4 bytes");
    }
    Scaled weight = weights.get(name);
    ByteBuffer codes = ByteBuffer.allocate(length / wide);
    weight.file().read(name, offset / wide, codes);
    float[] factors = factors(weight.factors());
    float[] numbers = Objects.requireNonNull(NUMBERS.get(weight.type(name)));
    ByteBuffer values = target.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    long first = offset / wide;
    for (int i = 0; i < codes.capacity(); i++) {
      long row = (first + i) / weight.columns();
      long column = (first + i) % weight.columns();
      long at = row / weight.blockRows() * weight.factorColumns() + column / weight.blockColumns();
      values.putFloat(numbers[codes.get(i) & 0xff] * factors[(int) at]);
    }
    target.position(target.limit());
  }

  private static float[] factors(Scale scale) {
    TensorEntry entry = scale.file().entry(scale.name());
    ByteBuffer stored = scale.file().bytes(scale.name());
    float[] factors = new float[Math.toIntExact(entry.elements())];
    for (int i = 0; i < factors.length; i++) {
      factors[i] =
          switch (entry.type()) {
            case F32 -> stored.getFloat(4 * i);
            case BF16 -> Float.intBitsToFloat(stored.getShort(2 * i) << 16);
            default -> half(stored.getShort(2 * i));
          };
    }
    return factors;
  }

  private static float half(short bits) {
    int exponent = bits >> 10 & 31;
    int mantissa = bits & 1023;
    float size;
    if (exponent == 31) {
      size = mantissa == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else if (exponent == 0) {
      size = Math.scalb((float) mantissa, -24);
    } else {
      size = Math.scalb(1024f + mantissa, exponent - 25);
    }
    return bits < 0 ? -size : size;
  }

  @Override
  public long storedBytes(String name) {
    Scaled weight = weights.get(name);
    return weight.file().storedBytes(name)
        + weight.factors().file().storedBytes(weight.factors().name());
  }

  @Override
  public String storedType(String name) {
    return weights.get(name).type(name).name();
  }

  @Override
  public void close() {
    // The checkpoint closes the files.
  }
}
