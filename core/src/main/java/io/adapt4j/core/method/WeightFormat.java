package io.adapt4j.core.method;

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
   * Describes the format for logs and errors, and tells it from others.
   *
   * @return a few words, such as {@code NF4 in blocks of 64 with double quantization}
   */
  String description();
}
