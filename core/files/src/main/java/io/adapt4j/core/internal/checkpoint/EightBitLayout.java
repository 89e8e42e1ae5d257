package io.adapt4j.core.internal.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Layout of a checkpoint's 8-bit floats according to its {@code quantization_config}: that of
 * Transformers ({@code fp8}), FBGEMM ({@code fbgemm_fp8}) or compressed-tensors.
 *
 * @param blockRows rows of a block; 0 if only the shape of the scales determines it
 */
record EightBitLayout(long blockRows, long blockColumns) {

  private static final String COMPRESSED = "compressed-tensors";
  private static final Set<String> METHODS = Set.of("fp8", "fbgemm_fp8", COMPRESSED);
  private static final Set<String> FORMATS = Set.of("float-quantized", "naive-quantized");
  private static final Set<String> STRATEGIES = Set.of("tensor", "channel", "group", "block");
  private static final int USUAL_BLOCK = 128;

  /** Size of the blocks that share a scale. */
  record Block(long rows, long columns) {}

  static Optional<EightBitLayout> read(JsonNode quantization) {
    String method = quantization.path("quant_method").asText();
    if (!METHODS.contains(method)) {
      return Optional.empty();
    }
    if (method.equals(COMPRESSED)) {
      return compressed(quantization);
    }
    JsonNode block = quantization.path("weight_block_size");
    return Optional.of(block.isArray() ? ofBlocks(block) : new EightBitLayout(0, 0));
  }

  private static EightBitLayout ofBlocks(JsonNode block) {
    return new EightBitLayout(
        Math.max(1, block.path(0).asLong(USUAL_BLOCK)),
        Math.max(1, block.path(1).asLong(USUAL_BLOCK)));
  }

  private static Optional<EightBitLayout> compressed(JsonNode quantization) {
    JsonNode groups = quantization.path("config_groups");
    String sparse = quantization.path("sparsity_config").path("format").asText("dense");
    boolean read =
        isFormat(quantization.path("format")) && !groups.isEmpty() && sparse.equals("dense");
    EightBitLayout found = new EightBitLayout(0, 0);
    for (JsonNode group : groups) {
      JsonNode weights = group.path("weights");
      String strategy = weights.path("strategy").asText("tensor");
      read &=
          weights.path("type").asText().equals("float")
              && weights.path("num_bits").asInt() == 8
              && weights.path("symmetric").asBoolean(true)
              && STRATEGIES.contains(strategy)
              && (!group.hasNonNull("format") || isFormat(group.path("format")));
      if (strategy.equals("block")) {
        found = ofBlocks(weights.path("block_structure"));
      } else if (strategy.equals("group")) {
        found = new EightBitLayout(1, Math.max(1, weights.path("group_size").asLong(USUAL_BLOCK)));
      }
    }
    // Several groups may have different layouts.
    return read && (found.blockRows == 0 || groups.size() == 1)
        ? Optional.of(found)
        : Optional.empty();
  }

  private static boolean isFormat(JsonNode format) {
    return FORMATS.contains(format.asText());
  }

  Block block(TensorEntry weight, String scale, TensorEntry factors) {
    List<Long> shape = factors.shape();
    long rows = weight.shape().get(0);
    long columns = weight.shape().get(1);
    if (factors.elements() == 1) {
      return new Block(Math.max(1, rows), Math.max(1, columns));
    }
    boolean stated = blockRows > 0;
    if (!stated && (shape.equals(List.of(rows)) || shape.equals(List.of(rows, 1L)))) {
      return new Block(1, Math.max(1, columns));
    }
    long high = stated ? blockRows : USUAL_BLOCK;
    long wide = stated ? blockColumns : USUAL_BLOCK;
    List<Long> wanted = List.of(ceil(rows, high), ceil(columns, wide));
    if (!shape.equals(wanted)) {
      throw CheckpointException.inTensor(
          weight.file(),
          scale,
          "one scale, "
              + (stated ? "" : "one for each of " + rows + " rows, ")
              + "or "
              + wanted
              + " of blocks of "
              + high
              + " by "
              + wide,
          shape.toString(),
          "Check weight_block_size in config.json, or use the model's original weights.");
    }
    return new Block(high, wide);
  }

  private static long ceil(long count, long block) {
    return (count + block - 1) / block;
  }
}
