package io.adapt4j.core.model;

import java.util.List;

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
   * Finds what keeps this adapter from a model, before any weight is read.
   *
   * @param declared the model's structure
   * @return one sentence a problem; empty when it fits
   */
  List<String> problems(Network declared);

  /**
   * Puts the adapter on a model.
   *
   * @param network the model, with its weights
   * @return the adapter in its place; closed before the model
   */
  AttachedAdapter attach(Network network);
}
