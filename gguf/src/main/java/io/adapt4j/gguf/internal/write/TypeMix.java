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
    MEDIUM
  }

  /** Properties of the model that the choice depends on. */
  public record Model(
      TensorType base,
      Mixture mixture,
      int layers,
      int valueTensors,
      boolean tied,
      boolean sharedValues,
      boolean weighted,
      long experts,
      boolean falcon) {}

  private final Model model;
  private int values;
  private int outputs;

  /** Begins a file. */
  public TypeMix(Model model) {
    this.model = model;
  }

  /** Chooses a type. */
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
    return base;
  }

  /** Adjusts attention types for eight experts, where attention is a small part of the model. */
  private TensorType ofExpertModel(String name, TensorType type) {
    if (model.experts() != 8) {
      return type;
    }
    if (name.contains("attn_v.weight") || name.contains("attn_k.weight")) {
      return TensorType.Q8_0;
    }
    return name.contains("attn_output.weight") && model.base() == TensorType.Q4_K
        ? TensorType.Q5_K
        : type;
  }

  private static int layer(String name) {
    Matcher matcher = LAYER.matcher(name);
    return matcher.lookingAt() ? Integer.parseInt(matcher.group(1)) : 0;
  }

  private TensorType ofValues(int index) {
    TensorType type = model.base();
    if (model.mixture() == Mixture.MEDIUM && usesMoreBits(index, model.valueTensors())) {
      type = TensorType.Q6_K;
    } else if (model.mixture() == Mixture.SMALL && index < 4) {
      type = TensorType.Q5_K;
    }
    return model.sharedValues() && type == TensorType.Q4_K ? TensorType.Q5_K : type;
  }

  private TensorType ofOutput(int index) {
    int layers = model.layers();
    boolean first = index < layers / 8;
    if (model.falcon() && model.base() == TensorType.Q4_K) {
      return ofFalconsOutput(index);
    }
    if (model.mixture() == Mixture.MEDIUM && usesMoreBits(index, layers)) {
      return TensorType.Q6_K;
    }
    if (model.mixture() == Mixture.SMALL && first) {
      return TensorType.Q5_K;
    }
    if (model.weighted() && first && model.base() == TensorType.Q4_0) {
      return TensorType.Q4_1;
    }
    if (model.weighted() && first && model.base() == TensorType.Q5_0) {
      return TensorType.Q5_1;
    }
    return model.base();
  }

  private TensorType ofFalconsOutput(int index) {
    if (model.mixture() != Mixture.MEDIUM) {
      return TensorType.Q4_K;
    }
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
          case Q4_K -> TensorType.Q5_0;
          case Q5_K -> TensorType.Q5_1;
          case Q6_K -> TensorType.Q8_0;
          default -> TensorType.F16;
        };
    return columns % smaller.blockSize() == 0 ? smaller : TensorType.F16;
  }
}
