package io.adapt4j.lora.internal.layer;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.lora.internal.Factorization;

/**
 * The base weights under an adapter that LoftQ initialized (Li et al. 2023): quantized to 4-bit
 * NormalFloat and dequantized, which PEFT repeats whenever it loads such an adapter.
 *
 * @param iterations number of alternating fits of weights and low-rank matrices; 0 for other
 *     initializations
 */
public record LoftQ(int iterations) {

  public static final LoftQ NONE = new LoftQ(0);

  public static final String INITIALIZATION = "loftq";

  private static final int BLOCK = 64;
  private static final int BITS = 4;

  /** The NF4 codebook: quantiles of a normal distribution. */
  private static final float[] CODES = {
    -1f,
    -0.6961928f,
    -0.52507305f,
    -0.3949175f,
    -0.28444138f,
    -0.18477343f,
    -0.091050036f,
    0f,
    0.0795803f,
    0.1609302f,
    0.2461123f,
    0.33791524f,
    0.44070983f,
    0.562617f,
    0.72295684f,
    1f
  };

  public static LoftQ read(ConfigReader fields) {
    if (!fields.json().path("init_lora_weights").asText().equals(INITIALIZATION)) {
      return NONE;
    }
    int bits = fields.json().path("loftq_config").path("loftq_bits").asInt(BITS);
    if (bits != BITS) {
      throw fields.invalid(
          "loftq_config",
          "loftq_bits 4",
          "Convert the adapter to plain LoRA with PEFT's"
              + " save_pretrained(path_initial_model_for_weight_conversion=...) first.");
    }
    return new LoftQ(Math.max(1, fields.json().path("loftq_config").path("loftq_iter").asInt(1)));
  }

  public boolean isUsed() {
    return iterations > 0;
  }

  /**
   * Returns the base weight under the adapter.
   *
   * @param weight [out, in], transposed from the checkpoint if that stores [in, out]
   * @param transposed whether the checkpoint stores [in, out]
   */
  public Tensor base(Tensor weight, int rank, boolean transposed) {
    Tensor original = weight.copyAs(DType.F32);
    Tensor rest = original;
    Tensor quantized = original;
    for (int i = 0; i < iterations; i++) {
      quantized = dequantized(rest, transposed);
      if (i + 1 < iterations) {
        Factorization found = Factorization.principal(original.plus(quantized.scaled(-1)), rank, 0);
        rest = original.plus(found.left().times(found.right()).scaled(-1));
      }
    }
    return quantized;
  }

  private static Tensor dequantized(Tensor weight, boolean transposed) {
    Tensor stored = transposed ? weight.transposed() : weight;
    float[] values = stored.toHost().toFloats();
    for (int start = 0; start < values.length; start += BLOCK) {
      round(values, start, Math.min(start + BLOCK, values.length));
    }
    Tensor rounded = Tensor.of(values, stored.sizes());
    return transposed ? rounded.transposed() : rounded;
  }

  private static void round(float[] values, int start, int end) {
    float most = 0;
    for (int i = start; i < end; i++) {
      most = Math.max(most, Math.abs(values[i]));
    }
    for (int i = start; i < end; i++) {
      values[i] = most == 0 ? 0 : most * nearest(values[i] / most);
    }
  }

  private static float nearest(float value) {
    int code = 0;
    while (code + 1 < CODES.length && value > (CODES[code] + CODES[code + 1]) / 2) {
      code++;
    }
    return CODES[code];
  }
}
