package io.adapt4j.core.method;

import io.adapt4j.core.spi.WeightCodec;
import java.util.Objects;

/**
 * How the frozen weights of a model's linear layers are held in memory: as they are stored, or in a
 * format that a module brings, such as {@code Quantization} of adapt4j-qlora.
 */
public interface WeightFormat {

  /**
   * Holds weights as the checkpoint has them: plain ones in the compute type, quantized ones as
   * they are where a module on the class path can read them.
   *
   * @return the format that is used where none is named
   */
  static WeightFormat asStored() {
    return AsStored.INSTANCE;
  }

  /**
   * Holds weights as a codec of your own encodes them, row by row. Weights are decoded on the
   * processor, whatever device computes.
   *
   * @param codec turns rows of weights into bytes, and bytes into rows
   * @return the format
   * @throws IllegalArgumentException if the codec's name is blank
   */
  static WeightFormat custom(WeightCodec codec) {
    return new Custom(codec);
  }

  /**
   * Decodes with activations in 8 bits: what enters a product with weights in NF4, or with weights
   * in the blocks of a GGUF file, is rounded in blocks of 32 with a scale each, as llama.cpp does,
   * while tokens are decoded one after the other. Prompts, scoring and training compute as without
   * it, and so do weights of other kinds. Faster for several texts at a time and on processors
   * without bfloat16 instructions, at a small loss of precision; with them, NF4 in bf16 computes as
   * without it.
   *
   * @param weights how the weights are held
   * @return the format
   */
  static WeightFormat int8Activations(WeightFormat weights) {
    return new Int8Activations(weights);
  }

  /**
   * A format whose products round activations while decoding.
   *
   * @param weights how the weights are held
   */
  record Int8Activations(WeightFormat weights) implements WeightFormat {

    /**
     * Checks the format.
     *
     * @param weights how the weights are held
     */
    public Int8Activations {
      Objects.requireNonNull(weights, "weights");
    }

    @Override
    public String description() {
      return weights.description() + ", activations in 8 bits while decoding";
    }
  }

  /**
   * A format that is code.
   *
   * @param codec turns rows of weights into bytes, and bytes into rows
   */
  record Custom(WeightCodec codec) implements WeightFormat {

    /**
     * Checks the name.
     *
     * @param codec turns rows of weights into bytes, and bytes into rows
     * @throws IllegalArgumentException if its name is blank
     */
    public Custom {
      if (codec.name().isBlank()) {
        throw new IllegalArgumentException("name: expected a text, found none");
      }
    }

    @Override
    public String description() {
      return "custom " + codec.name() + " [" + codec.options() + "]";
    }
  }

  /**
   * Describes the format for logs and errors, and tells it from others.
   *
   * @return a few words, such as {@code NF4 in blocks of 64 with double quantization}
   */
  String description();
}
