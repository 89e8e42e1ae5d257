package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Parameter;
import java.util.List;

/** What an encoder does with its last hidden states. */
public sealed interface EncoderHead
    permits EncoderHead.None, MaskedLanguageHead, ClassificationHead, TokenChoiceHead {

  List<LinearSlot> linears();

  /** Parameters besides those of the linear layers. */
  List<Parameter> parameters();

  /** Nothing: the hidden states are the result. */
  record None() implements EncoderHead {

    @Override
    public List<LinearSlot> linears() {
      return List.of();
    }

    @Override
    public List<Parameter> parameters() {
      return List.of();
    }
  }
}
