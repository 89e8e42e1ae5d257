package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.config.ModelConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A stored change to a model, such as a LoRA adapter, that can be put on its base. */
public interface Adapter {

  /**
   * Names the adapter for people.
   *
   * @return a short text, such as the name of its folder
   */
  default String name() {
    return "adapter";
  }

  /**
   * Returns where the adapter is stored.
   *
   * @return its folder; empty if it is not on disk
   */
  default Optional<Path> folder() {
    return Optional.empty();
  }

  /**
   * Finds what keeps this adapter from a model, before any weight is read.
   *
   * @param declared the model's structure
   * @return one sentence a problem; empty when it fits
   */
  List<String> problems(Network declared);

  /**
   * Returns the configuration of the model that the adapter makes of its base, where the adapter
   * brings an output layer that the base does not have.
   *
   * @return the configuration; empty where it is the base's
   */
  default Optional<ModelConfig> modelConfig() {
    return Optional.empty();
  }

  /**
   * Returns the hash of the chat template that the adapter was trained in, as {@link
   * io.adapt4j.core.chat.ChatTemplate#digest} computes it. A model in use with another template is
   * refused.
   *
   * @return 64 hexadecimal digits; empty if any template will do
   */
  default Optional<String> chatTemplateDigest() {
    return Optional.empty();
  }

  /**
   * Tells what the adapter adds to a model's memory.
   *
   * @param declared the model's structure, which it fits
   * @return the factors beside its linear layers and the tensors it has values of its own for
   */
  Footprint footprint(Network declared);

  /**
   * Puts the adapter on a model.
   *
   * @param network the model, with its weights
   * @return the adapter in its place; closed before the model
   */
  AttachedAdapter attach(Network network);
}
