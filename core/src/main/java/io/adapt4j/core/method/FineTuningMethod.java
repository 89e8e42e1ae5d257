package io.adapt4j.core.method;

/**
 * How a model is adapted: an immutable choice with its options. {@link
 * io.adapt4j.core.FullFineTuning} is one; the modules adapt4j-lora and adapt4j-qlora bring others.
 * Only methods that a module brings can train.
 */
public interface FineTuningMethod {

  /**
   * Describes the method for logs and reports.
   *
   * @return a few words, such as {@code LoRA r=16}
   */
  String description();
}
