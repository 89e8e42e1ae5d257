package io.adapt4j.core.inspect;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Counts the parameters of a checkpoint from its headers, including quantized ones.
 *
 * <p>Supported layouts: bitsandbytes (two 4-bit weights per byte with a {@code quant_state}, 8-bit
 * ones with {@code SCB}), GPTQ and AWQ ({@code qweight}), compressed-tensors ({@code
 * weight_packed}), MXFP4 ({@code _blocks} with {@code _scales}) and scaled 8-bit floats.
 */
final class ParameterCount {

  private static final int USUAL_BITS = 4;
  private static final Pattern BUFFER =
      Pattern.compile("(^|.*\\.)(masked_bias|inv_freq|position_ids|num_batches_tracked)");
  private static final Pattern MASK = Pattern.compile("(^|.*\\.)(attn|attention)\\.bias");
  private static final Pattern TABLE =
      Pattern.compile("(.*)\\.(absmax|quant_map|nested_absmax|nested_quant_map|quant_state\\..*)");
  private static final Pattern SCALE =
      Pattern.compile(
          "(.*)\\.(SCB|weight_format|weight_scale|weight_scale_inv|weight_scale_2|weight_shape"
              + "|weight_zero_point|weight_g_idx|weight_global_scale|input_scale"
              + "|input_global_scale|input_zero_point|output_scale|qzeros|scales|g_idx)");

  private final int bits;
  private final Set<String> names;
  private final Set<String> fourBit = new HashSet<>();

  private ParameterCount(Set<String> names, int bits) {
    this.names = names;
    this.bits = bits;
    for (String name : names) {
      int state = name.indexOf(".quant_state.");
      if (state > 0) {
        fourBit.add(name.substring(0, state));
      }
    }
  }

  /**
   * Counts the parameters. The bits of a packed weight come from the configuration, if it states
   * them.
   */
  static long of(Checkpoint checkpoint, OptionalInt packedBits) {
    ParameterCount count = new ParameterCount(checkpoint.names(), packedBits.orElse(USUAL_BITS));
    return checkpoint.names().stream()
        .mapToLong(name -> count.parameters(checkpoint.entry(name)))
        .sum();
  }

  private long parameters(TensorEntry entry) {
    String name = entry.name();
    if (isBuffer(entry) || isPartOfAnother(name)) {
      return 0;
    }
    if (fourBit.contains(name) || isBlocks(name)) {
      return entry.length() * 2;
    }
    if (name.endsWith(".qweight") || name.endsWith(".weight_packed")) {
      return entry.length() * Byte.SIZE / bits;
    }
    return entry.elements();
  }

  private static boolean isBuffer(TensorEntry entry) {
    return entry.type() == StoredType.BOOL
        || entry.type() == StoredType.I64
        || BUFFER.matcher(entry.name()).matches()
        || (MASK.matcher(entry.name()).matches() && entry.shape().size() == 4);
  }

  /** Returns whether a tensor only helps to decode another one. */
  private boolean isPartOfAnother(String name) {
    var table = TABLE.matcher(name);
    if (table.matches()) {
      return names.contains(table.group(1));
    }
    var scale = SCALE.matcher(name);
    if (scale.matches()) {
      String module = scale.group(1);
      return names.contains(module + ".weight")
          || names.contains(module + ".weight_packed")
          || names.contains(module + ".qweight");
    }
    return name.endsWith("_scales") && isBlocks(sibling(name, "_scales", "_blocks"));
  }

  private boolean isBlocks(String name) {
    return name.endsWith("_blocks")
        && names.contains(name)
        && names.contains(sibling(name, "_blocks", "_scales"));
  }

  private static String sibling(String name, String ending, String other) {
    return name.substring(0, name.length() - ending.length()) + other;
  }
}
