package io.adapt4j.core.internal.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Writes a model twice: as codes and scales, and as their products in fp32. */
public final class EightBitFolder {

  /** How codes and scales are laid out. */
  public enum Kind {
    /** A scale for each block of 2 rows and 3 columns, as DeepSeek and Qwen. */
    BLOCKS("{\"quant_method\": \"fp8\", \"fmt\": \"e4m3\", \"weight_block_size\": [2, 3]}"),
    /** A scale for each weight, as Ministral 3. */
    STATIC(
        "{\"quant_method\": \"fp8\", \"activation_scheme\": \"static\", \"weight_block_size\": null}"),
    /** The other kind of codes. */
    E5M2("{\"quant_method\": \"fp8\", \"fmt\": \"e5m2\", \"weight_block_size\": [2, 3]}"),
    /** A scale for each row. */
    FBGEMM("{\"quant_method\": \"fbgemm_fp8\", \"activation_scale_ub\": 1200.0}"),
    /** A scale for each row, by compressed-tensors. */
    CHANNELS(compressed("\"strategy\": \"channel\"")),
    /** Blocks by compressed-tensors. */
    COMPRESSED_BLOCKS(compressed("\"strategy\": \"block\", \"block_structure\": [2, 3]"));

    private final String config;

    Kind(String config) {
      this.config = config;
    }

    /** {@return the field quantization_config} */
    public String config() {
      return config;
    }

    private boolean isBlocks() {
      return this == BLOCKS || this == E5M2 || this == COMPRESSED_BLOCKS;
    }

    private boolean isRows() {
      return this == FBGEMM || this == CHANNELS;
    }

    private int mantissa() {
      return this == E5M2 ? 2 : 3;
    }

    private String scaleName() {
      return this == BLOCKS || this == STATIC || this == E5M2 ? "scale_inv" : "scale";
    }
  }

  private EightBitFolder() {}

  private static String compressed(String weights) {
    return "{\"quant_method\": \"compressed-tensors\", \"format\": \"float-quantized\","
        + " \"config_groups\": {\"group_0\": {\"targets\": [\"Linear\"], \"weights\":"
        + " {\"num_bits\": 8, \"type\": \"float\", \"symmetric\": true, "
        + weights
        + "}, \"input_activations\": {\"num_bits\": 8, \"type\": \"float\"}}},"
        + " \"ignore\": [\"lm_head\"]}";
  }

  /**
   * Writes both folders.
   *
   * @param source a checkpoint of one file
   * @param plain takes the products
   * @param packed takes the codes and scales
   * @param kind their layout
   */
  public static void write(Path source, Path plain, Path packed, Kind kind) throws IOException {
    List<TensorData> products = new ArrayList<>();
    List<TensorData> stored = new ArrayList<>();
    try (SafetensorsFile file = SafetensorsFile.open(source.resolve(Checkpoint.SINGLE_FILE))) {
      for (TensorEntry entry : file.entries().values()) {
        String name = entry.name();
        float[] numbers = values(file.bytes(name));
        if (name.matches(".*layers.*(proj|w[123])(\\.weight)?")) {
          stored.addAll(pack(entry, numbers, kind));
        } else {
          stored.add(floats(name, entry.shape(), numbers));
        }
        products.add(floats(name, entry.shape(), numbers));
      }
    }
    for (Path target : List.of(plain, packed)) {
      Files.createDirectories(target);
      try (Stream<Path> files = Files.list(source)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Files.copy(file, target.resolve(file.getFileName()));
        }
      }
      Files.delete(target.resolve(Checkpoint.SINGLE_FILE));
      SafetensorsWriter.create().writeModel(target, target == plain ? products : stored);
    }
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(source.resolve("config.json")));
    config.set("quantization_config", Json.parse(kind.config()));
    Files.writeString(packed.resolve("config.json"), config.toString());
  }

  /** Rounds the numbers, which become those that are stored. */
  private static List<TensorData> pack(TensorEntry entry, float[] numbers, Kind kind) {
    List<Long> shape = entry.shape();
    int rank = shape.size();
    int columns = Math.toIntExact(shape.get(rank - 1));
    int rows = Math.toIntExact(shape.get(rank - 2));
    int blockRows = kind.isBlocks() ? 2 : kind.isRows() ? 1 : rows;
    int blockColumns = kind.isBlocks() ? 3 : columns;
    int perRow = (columns + blockColumns - 1) / blockColumns;
    int perMatrix = (rows + blockRows - 1) / blockRows * perRow;
    float[] scales = new float[numbers.length / rows / columns * perMatrix];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = 0.01f + 0.003f * (i % 5);
    }
    float[] table = table(kind.mantissa());
    byte[] codes = new byte[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      int row = i / columns % rows;
      int block = row / blockRows * perRow + i % columns / blockColumns;
      float scale = scales[i / columns / rows * perMatrix + block];
      codes[i] = nearest(numbers[i] / scale, table);
      numbers[i] = table[codes[i] & 0xff] * scale;
    }
    boolean isStack = rank == 3;
    List<Long> scaleShape = new ArrayList<>(shape.subList(0, rank - 2));
    if (kind != Kind.STATIC || isStack) {
      scaleShape.addAll(List.of((long) perMatrix / perRow, (long) perRow));
    }
    String path = entry.name() + "_";
    List<TensorData> stored = new ArrayList<>();
    stored.add(codes(entry.name(), shape, kind.mantissa() == 2, codes));
    stored.add(floats(path + kind.scaleName(), scaleShape, scales));
    if (kind == Kind.STATIC) {
      String input =
          isStack ? path : entry.name().substring(0, entry.name().length() - "weight".length());
      stored.add(floats(input + "activation_scale", shape.subList(0, rank - 2), inputs(shape)));
    }
    return stored;
  }

  private static float[] inputs(List<Long> shape) {
    float[] all = new float[shape.size() == 3 ? Math.toIntExact(shape.get(0)) : 1];
    for (int i = 0; i < all.length; i++) {
      all[i] = 0.1f;
    }
    return all;
  }

  private static byte nearest(float wanted, float[] table) {
    int best = 0;
    for (int code = 0; code < table.length; code++) {
      if (Math.abs(table[code] - wanted) < Math.abs(table[best] - wanted)) {
        best = code;
      }
    }
    return (byte) best;
  }

  private static float[] table(int mantissa) {
    float[] table = new float[256];
    for (int code = 0; code < table.length; code++) {
      table[code] = number(code, mantissa);
    }
    return table;
  }

  /** The number that a code stands for, by its definition. */
  private static float number(int code, int mantissa) {
    int steps = 1 << mantissa;
    int highest = (1 << (7 - mantissa)) - 1;
    int bias = highest / 2;
    int exponent = (code & 127) / steps;
    double part = (double) (code % steps) / steps;
    double size =
        exponent == 0 ? part * Math.pow(2, 1 - bias) : (1 + part) * Math.pow(2, exponent - bias);
    boolean isNumber = mantissa == 2 ? exponent < highest : (code & 127) != 127;
    return (float) (isNumber ? (code < 128 ? size : -size) : Double.NaN);
  }

  static TensorData codes(String name, List<Long> shape, boolean e5m2, byte... codes) {
    return TensorData.of(
        name, e5m2 ? StoredType.F8_E5M2 : StoredType.F8_E4M3, shape, () -> ByteBuffer.wrap(codes));
  }

  static TensorData floats(String name, List<Long> shape, float... numbers) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(numbers);
    return TensorData.of(name, StoredType.F32, shape, () -> bytes);
  }

  static float[] values(ByteBuffer bytes) {
    FloatBuffer numbers = bytes.asFloatBuffer();
    float[] values = new float[numbers.remaining()];
    numbers.get(values);
    return values;
  }
}
