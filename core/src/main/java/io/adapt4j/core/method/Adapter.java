package io.adapt4j.core.method;

/**
 * A stored change to a model, such as a LoRA adapter, that can be put on its base. Modules bring
 * kinds of adapters; those of adapt4j-lora are {@code LoraAdapter} and {@code Ia3Adapter}.
 */
public interface Adapter {

  /**
   * Names the adapter for people.
   *
   * @return a short text, such as the name of its folder
   */
  String name();
}
