package io.adapt4j.core.method;

import io.adapt4j.core.spi.ParameterSelection;
import io.adapt4j.core.spi.WeightUpdate;

/**
 * A fine-tuning method: an immutable choice with its options. {@code FullFineTuning} is one; the
 * modules adapt4j-lora and adapt4j-qlora provide others. Custom ones are made from a {@link
 * ParameterSelection} or a {@link WeightUpdate}.
 */
public interface FineTuningMethod {

  /**
   * Describes the method for logs and reports.
   *
   * @return a few words, such as {@code LoRA r=16}
   */
  String description();

  /**
   * Trains some parameters of the model, selected by custom code. A resumed run must be given a
   * selection with the same name and options. A run description, as in YAML, cannot hold it.
   *
   * @param selection the trainable parameters
   * @return the method; {@link Adapter#at} loads the result
   * @throws IllegalArgumentException if the selection's name is blank
   */
  static FineTuningMethod custom(ParameterSelection selection) {
    return new Custom(selection);
  }

  /**
   * Trains an update of the weights of linear layers, computed by custom code. A resumed run must
   * be given an update with the same name and options. A run description, as in YAML, cannot hold
   * it.
   *
   * @param update the update to add to the weights
   * @return the method; {@link Adapter#custom} loads the result
   * @throws IllegalArgumentException if the update's name is blank
   */
  static FineTuningMethod custom(WeightUpdate update) {
    return new CustomUpdate(update);
  }

  /**
   * A method that selects parameters with custom code.
   *
   * @param selection the trainable parameters
   */
  record Custom(ParameterSelection selection) implements FineTuningMethod {

    /** Checks the name. Throws {@link IllegalArgumentException} if its name is blank. */
    public Custom {
      if (selection.name().isBlank()) {
        throw new IllegalArgumentException("name: expected a text, found none");
      }
    }

    @Override
    public String description() {
      return "custom " + selection.name() + " [" + selection.options() + "]";
    }
  }

  /**
   * A method that updates weights with custom code.
   *
   * @param update the update to add to the weights
   */
  record CustomUpdate(WeightUpdate update) implements FineTuningMethod {

    /** Checks the name. Throws {@link IllegalArgumentException} if its name is blank. */
    public CustomUpdate {
      if (update.name().isBlank()) {
        throw new IllegalArgumentException("name: expected a text, found none");
      }
    }

    @Override
    public String description() {
      return "custom " + update.name() + " [" + update.options() + "]";
    }
  }
}
