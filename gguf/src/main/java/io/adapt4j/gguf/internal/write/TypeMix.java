package io.adapt4j.gguf.internal.write;

import io.adapt4j.gguf.format.TensorType;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Chooses each tensor's type by the mixtures of llama.cpp's quantizer. The choice depends on the
 * number of preceding tensors of the same kind, so call it in file order.
 */
public final class TypeMix {

  private static final String POSITIONS = "position_embd.weight";
  private static final Set<String> EMBEDDINGS =
      Set.of("token_embd.weight", "per_layer_token_embd.weight");

  /** Base types of models of eight experts whose attention output has more bits. */
  private static final Set<TensorType> RAISED_OF_EIGHT =
      Set.of(
          TensorType.Q2_K, TensorType.Q3_K, TensorType.Q4_K, TensorType.IQ4_NL, TensorType.IQ4_XS);

  private static final Set<Mixture> NOT_RAISED =
      Set.of(Mixture.TWO_BITS_SMALL, Mixture.THREE_BITS_LARGE);

  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d{1,6})\\.");

  /** The mixtures of llama.cpp's quantizer. */
  public enum Mixture {
    /** Every matrix in the base type. */
    PLAIN,
    /** A larger type for the output. */
    OUTPUT,
    /** A larger type for the output and a few of the first layers. */
    SMALL,
    /**
     * A larger type for the output, and for value and MLP output projections in half of the layers.
     */
    MEDIUM,
    /** Of 2 bits: larger types for the output, values, and all output projections. */
    TWO_BITS,
    /** Of 2 bits: a larger type for the output, and 4 bits for some values and first layers. */
    TWO_BITS_SMALL,
    /** Of 3 bits: as of 2 bits, by one type in most layers and by two in some. */
    THREE_BITS_MEDIUM,
    /** Of 3 bits: as of 2 bits, by two types. */
    THREE_BITS_LARGE,
    /**
     * Of levels that are not linear: a larger type for the output and a few of the first layers.
     */
    NONLINEAR
  }

  /** Properties of the model that the choice depends on. */
  public record Model(
      TensorType base,
      Mixture mixture,
      int layers,
      int valueTensors,
      int headsPerGroup,
      boolean tied,
      boolean sharedValues,
      boolean weighted,
      long experts,
      boolean falcon) {}

  private final Model model;
  private int values;
  private int outputs;

  public TypeMix(Model model) {
    this.model = model;
  }

  public TensorType next(String name, List<Long> shape) {
    boolean plain = model.mixture() == Mixture.PLAIN;
    if (!isQuantized(name, shape) || isKept(name, plain)) {
      return TensorType.F32;
    }
    TensorType type = plain ? model.base() : ofExpertModel(name, mixed(name, shape.get(0)));
    return fitting(type, shape.get(0));
  }

  private static boolean isQuantized(String name, List<Long> shape) {
    return shape.size() > 1
        && name.endsWith(".weight")
        && !name.endsWith("_norm.weight")
        && !name.contains("ffn_gate_inp")
        && !name.endsWith("ssm_conv1d.weight")
        && !name.endsWith("shortconv.conv.weight")
        && !name.equals(POSITIONS);
  }

  /**
   * Returns whether a tensor keeps its type: small matrices of Gemma 3n and 4 and position biases,
   * of which the converter keeps fewer than the quantizer.
   */
  private static boolean isKept(String name, boolean plain) {
    return plain
        ? name.endsWith("altup_correct_coef.weight") || name.endsWith("altup_predict_coef.weight")
        : name.contains("altup")
            || name.endsWith("attn_rel_b.weight")
            || name.contains("laurel")
            || name.contains("per_layer_model_proj");
  }

  private TensorType mixed(String name, long columns) {
    TensorType base = model.base();
    if (name.equals("output.weight") || (model.tied() && EMBEDDINGS.contains(name))) {
      return model.falcon() || columns % base.blockSize() != 0 ? TensorType.Q8_0 : TensorType.Q6_K;
    }
    if (name.contains("attn_v.weight") || name.contains("attn_qkv.weight")) {
      return ofValues(values++);
    }
    if (name.contains("ffn_down")) {
      int count = outputs++;
      return ofOutput(model.experts() > 1 ? layer(name) : count);
    }
    return name.contains("attn_output.weight") ? ofAttentionOutput() : base;
  }

  /** Adjusts attention types for eight experts, where attention is a small part of the model. */
  private TensorType ofExpertModel(String name, TensorType type) {
    if (model.experts() != 8) {
      return type;
    }
    if (name.contains("attn_v.weight") || name.contains("attn_k.weight")) {
      return TensorType.Q8_0;
    }
    return name.contains("attn_output.weight") && RAISED_OF_EIGHT.contains(model.base())
        ? NOT_RAISED.contains(model.mixture()) ? model.base() : TensorType.Q5_K
        : type;
  }

  private static int layer(String name) {
    Matcher matcher = LAYER.matcher(name);
    return matcher.lookingAt() ? Integer.parseInt(matcher.group(1)) : 0;
  }

  private TensorType ofValues(int index) {
    boolean isGrouped = model.headsPerGroup() >= 4;
    TensorType type =
        switch (model.mixture()) {
          case PLAIN, OUTPUT -> model.base();
          case SMALL -> index < 4 ? TensorType.Q5_K : model.base();
          case MEDIUM -> usesMoreBits(index, model.valueTensors()) ? TensorType.Q6_K : model.base();
          case TWO_BITS -> isGrouped ? TensorType.Q4_K : TensorType.Q3_K;
          case TWO_BITS_SMALL -> isGrouped ? TensorType.Q4_K : model.base();
          case THREE_BITS_MEDIUM -> index < 2 ? TensorType.Q5_K : TensorType.Q4_K;
          case THREE_BITS_LARGE -> TensorType.Q5_K;
          case NONLINEAR -> isGrouped ? TensorType.Q5_K : model.base();
        };
    boolean isSmall = type == TensorType.Q3_K || type == TensorType.Q4_K;
    return model.sharedValues() && isSmall ? TensorType.Q5_K : type;
  }

  private TensorType ofAttentionOutput() {
    return switch (model.mixture()) {
      case TWO_BITS -> model.falcon() ? model.base() : TensorType.Q3_K;
      case THREE_BITS_MEDIUM -> model.falcon() ? model.base() : TensorType.Q4_K;
      case THREE_BITS_LARGE -> model.falcon() ? TensorType.Q4_K : TensorType.Q5_K;
      default -> model.base();
    };
  }

  private TensorType ofOutput(int index) {
    int layers = model.layers();
    boolean first = index < layers / 8;
    return switch (model.mixture()) {
      case PLAIN -> model.base();
      case OUTPUT -> first && model.weighted() ? withMinimum() : model.base();
      case SMALL -> first && !model.falcon() ? TensorType.Q5_K : model.base();
      case MEDIUM ->
          model.falcon() && model.base() == TensorType.Q4_K
              ? ofFalconsOutput(index)
              : usesMoreBits(index, layers) ? TensorType.Q6_K : model.base();
      case TWO_BITS -> TensorType.Q3_K;
      case TWO_BITS_SMALL -> first ? TensorType.Q4_K : model.base();
      case THREE_BITS_MEDIUM ->
          index < layers / 16
              ? TensorType.Q5_K
              : !model.falcon() || usesMoreBits(index, layers) ? TensorType.Q4_K : TensorType.Q3_K;
      case THREE_BITS_LARGE -> model.falcon() ? TensorType.Q4_K : TensorType.Q5_K;
      case NONLINEAR -> first && !model.weighted() ? TensorType.Q5_K : model.base();
    };
  }

  private TensorType withMinimum() {
    return switch (model.base()) {
      case Q4_0 -> TensorType.Q4_1;
      case Q5_0 -> TensorType.Q5_1;
      default -> model.base();
    };
  }

  private TensorType ofFalconsOutput(int index) {
    if (index < model.layers() / 16) {
      return TensorType.Q6_K;
    }
    return usesMoreBits(index, model.layers()) ? TensorType.Q5_K : TensorType.Q4_K;
  }

  /**
   * Returns whether a layer gets more bits: the first and the last eighth, and every third between.
   */
  private static boolean usesMoreBits(int index, int count) {
    return index < count / 8 || index >= 7 * count / 8 || (index - count / 8) % 3 == 2;
  }

  /** Returns a type whose blocks divide a row evenly. */
  static TensorType fitting(TensorType type, long columns) {
    if (columns % type.blockSize() == 0) {
      return type;
    }
    TensorType smaller =
        switch (type) {
          case Q2_K, Q3_K -> TensorType.Q4_0;
          case IQ4_XS -> TensorType.IQ4_NL;
          case Q4_K -> TensorType.Q5_0;
          case Q5_K -> TensorType.Q5_1;
          case Q6_K -> TensorType.Q8_0;
          default -> TensorType.F16;
        };
    return columns % smaller.blockSize() == 0 ? smaller : TensorType.F16;
  }
}
