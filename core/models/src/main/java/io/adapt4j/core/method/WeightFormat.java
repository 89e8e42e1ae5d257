package io.adapt4j.core.method;

import io.adapt4j.core.spi.WeightCodec;
import java.util.Objects;

/**
 * Memory format of the frozen weights of a model's linear layers: as stored, or a format that a
 * module provides, such as {@code Quantization} of adapt4j-qlora.
 */
public interface WeightFormat {

  /**
   * Keeps weights as the checkpoint has them: plain ones in the compute type, quantized ones as
   * they are if a module on the class path can read them.
   *
   * @return the default format
   */
  static WeightFormat asStored() {
    return AsStored.INSTANCE;
  }

  /**
   * Keeps weights as a custom codec encodes them, row by row. They are decoded on the CPU, whatever
   * device computes.
   *
   * @param codec encodes rows of weights as bytes and decodes them
   * @return the format
   * @throws IllegalArgumentException if the codec's name is blank
   */
  static WeightFormat custom(WeightCodec codec) {
    return new Custom(codec);
  }

  /**
   * Quantizes activations to 8 bits for decoding: inputs of products with NF4 or FP4 weights, or
   * with weights in GGUF blocks, are rounded in blocks of 32 with a scale each, as llama.cpp does,
   * while tokens are decoded one after the other, and on CPUs with AVX-512 but without bfloat16
   * instructions in prompts. Scoring, training and weights of other kinds are not affected. Faster,
   * at a small loss of precision.
   *
   * @param weights format of the weights
   * @return the format
   */
  static WeightFormat int8Activations(WeightFormat weights) {
    return new Int8Activations(weights);
  }

  /**
   * A format whose products quantize activations while decoding.
   *
   * @param weights format of the weights
   */
  record Int8Activations(WeightFormat weights) implements WeightFormat {

    /** Checks the format. */
    public Int8Activations {
      Objects.requireNonNull(weights, "weights");
    }

    @Override
    public String description() {
      return weights.description() + ", activations in 8 bits while decoding";
    }
  }

  /**
   * A format defined by custom code.
   *
   * @param codec encodes rows of weights as bytes and decodes them
   */
  record Custom(WeightCodec codec) implements WeightFormat {

    /** Checks the name. Throws {@link IllegalArgumentException} if its name is blank. */
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
   * Describes the format for logs and errors; the description identifies it.
   *
   * @return a few words, such as {@code NF4 in blocks of 64 with double quantization}
   */
  String description();
}
