package io.adapt4j.core.model;

import java.util.List;

/** A trained addition to a model, such as a LoRA adapter, that can be put onto its weights. */
public interface Adapter {

  /**
   * Finds what keeps this adapter off a model, before any weight is read.
   *
   * @param declared the model's structure
   * @return one sentence a problem; empty when it fits
   */
  List<String> problems(Decoder declared);

  /**
   * Puts the adapter onto a model.
   *
   * @param decoder the model, with its weights
   * @return the adapter in place, closed by the caller before the model
   */
  AttachedAdapter attach(Decoder decoder);
}
