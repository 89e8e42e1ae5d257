package io.adapt4j.core.internal.nn.head;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/** Output layers of an encoder. */
public sealed interface EncoderHead
    permits EncoderHead.None, MaskedLanguageHead, ClassificationHead, TokenChoiceHead {

  List<LinearSlot> linears();

  /** Returns the parameters other than those of the linear layers. */
  List<Parameter> parameters();

  /** No output layer: the hidden states are the result. */
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
