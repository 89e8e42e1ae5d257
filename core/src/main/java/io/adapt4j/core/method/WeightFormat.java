package io.adapt4j.core.method;

import io.adapt4j.core.spi.WeightCodec;

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
