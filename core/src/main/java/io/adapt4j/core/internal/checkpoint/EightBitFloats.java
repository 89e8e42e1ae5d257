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
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Weights in 8-bit floats (E4M3) with scales beside them, one for a whole weight or one for each of
 * its blocks, shown as the 32-bit products of the two. Scales of activations are left out: what is
 * shown is a checkpoint of plain weights. Values are decoded as they are read, piece by piece.
 */
public final class EightBitFloats implements TensorFile {

  /** The value of {@code quant_method} of such checkpoints. */
  public static final String METHOD = "fp8";

  private static final String WEIGHT = ".weight";

  /** Names of scales: of DeepSeek, Qwen and Mistral, and of vLLM's older files. */
  private static final List<String> SCALES = List.of("weight_scale_inv", "weight_scale");

  private static final List<String> ACTIVATION_SCALES = List.of("activation_scale", "input_scale");

  private static final int USUAL_BLOCK = 128;
  private static final float[] NUMBERS = numbers();

  private final Path folder;
  private final Map<String, Scaled> weights;
  private final Map<String, TensorEntry> entries;

  /**
   * A weight and what multiplies it.
   *
   * @param file where it stands
   * @param columns of the weight
   * @param factors by blocks, row by row
   * @param factorColumns how many blocks a row has
   * @param blockRows rows of a block
   * @param blockColumns columns of a block
   */
  private record Scaled(
      TensorFile file,
      long columns,
      Scale factors,
      long factorColumns,
      long blockRows,
      long blockColumns) {}

  /** The scales of a weight, which are read with it. */
  private record Scale(TensorFile file, String name) {}

  private EightBitFloats(Path folder, Map<String, Scaled> weights, List<TensorEntry> shown) {
    this.folder = folder;
    this.weights = weights;
    Map<String, TensorEntry> all = new LinkedHashMap<>();
    shown.forEach(entry -> all.put(entry.name(), entry));
    this.entries = Collections.unmodifiableMap(all);
  }

  /**
   * Shows the tensors of a checkpoint with its 8-bit floats decoded.
   *
   * @param folder the checkpoint folder, whose config.json says how large blocks are
   * @param fileOf the files of all tensors
   * @return the same map where there are none
   * @throws CheckpointException if scales do not fit their weight
   */
  static Map<String, TensorFile> shown(Path folder, Map<String, TensorFile> fileOf) {
    Map<String, String> scaleOf = new LinkedHashMap<>();
    fileOf.forEach(
        (name, file) -> scaleOf(name, file, fileOf).ifPresent(scale -> scaleOf.put(name, scale)));
    JsonNode quantization =
        scaleOf.isEmpty() ? MissingNode.getInstance() : config(folder).path("quantization_config");
    if (!quantization.path("quant_method").asText().equals(METHOD)) {
      return fileOf;
    }
    long[] block = blockOf(quantization);
    Map<String, Scaled> weights = new LinkedHashMap<>();
    List<TensorEntry> plain = new ArrayList<>();
    Set<String> unread = new HashSet<>();
    scaleOf.forEach(
        (name, scale) -> {
          TensorFile file = fileOf.get(name);
          weights.put(name, scaled(file.entry(name), file, scale, fileOf.get(scale), block));
          plain.add(asFloats(file.entry(name)));
          unread.add(scale);
          ACTIVATION_SCALES.forEach(other -> unread.add(pathOf(name) + other));
        });
    EightBitFloats decoded = new EightBitFloats(folder, weights, plain);
    Map<String, TensorFile> shown = new LinkedHashMap<>();
    fileOf.forEach((name, file) -> shown.put(name, weights.containsKey(name) ? decoded : file));
    shown.keySet().removeAll(unread);
    return shown;
  }

  private static Optional<String> scaleOf(
      String name, TensorFile file, Map<String, TensorFile> fileOf) {
    if (!name.endsWith(WEIGHT) || file.entry(name).type() != StoredType.F8_E4M3) {
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
      TensorEntry entry, TensorFile file, String scale, TensorFile holder, long[] block) {
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
    long rows = entry.shape().get(0);
    long columns = entry.shape().get(1);
    Scale found = new Scale(holder, scale);
    if (factors.elements() == 1) {
      return new Scaled(file, columns, found, 1, Math.max(1, rows), Math.max(1, columns));
    }
    List<Long> wanted = List.of(ceil(rows, block[0]), ceil(columns, block[1]));
    if (!factors.shape().equals(wanted)) {
      throw CheckpointException.inTensor(
          entry.file(),
          scale,
          "one scale, or " + wanted + " of blocks of " + block[0] + " by " + block[1],
          factors.shape().toString(),
          "Check weight_block_size in config.json, or use the model's original weights.");
    }
    return new Scaled(file, columns, found, wanted.get(1), block[0], block[1]);
  }

  private static long ceil(long count, long block) {
    return (count + block - 1) / block;
  }

  private static JsonNode config(Path folder) {
    try {
      return Json.parse(BoundedFiles.readText(folder.resolve("config.json"), BoundedFiles.INDEX));
    } catch (IOException e) {
      // Whoever needs the configuration says what is wrong with it.
      return MissingNode.getInstance();
    }
  }

  /** How many rows and columns share a scale. */
  private static long[] blockOf(JsonNode quantization) {
    JsonNode stated = quantization.path("weight_block_size");
    return new long[] {
      Math.max(1, stated.path(0).asLong(USUAL_BLOCK)),
      Math.max(1, stated.path(1).asLong(USUAL_BLOCK))
    };
  }

  /** The values of all codes: a sign, four bits of exponent with a bias of 7, three of mantissa. */
  private static float[] numbers() {
    float[] numbers = new float[256];
    for (int code = 0; code < numbers.length; code++) {
      int exponent = code >> 3 & 15;
      int mantissa = code & 7;
      float size =
          exponent == 0
              ? Math.scalb((float) mantissa, -9)
              : Math.scalb(8f + mantissa, exponent - 10);
      boolean isNumber = (code & 127) != 127;
      numbers[code] = isNumber ? (code < 128 ? size : -size) : Float.NaN;
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
    ByteBuffer values = target.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    long first = offset / wide;
    for (int i = 0; i < codes.capacity(); i++) {
      long row = (first + i) / weight.columns();
      long column = (first + i) % weight.columns();
      long at = row / weight.blockRows() * weight.factorColumns() + column / weight.blockColumns();
      values.putFloat(NUMBERS[codes.get(i) & 0xff] * factors[(int) at]);
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
    return StoredType.F8_E4M3.name();
  }

  @Override
  public void close() {
    // The files belong to the checkpoint.
  }
}
