package io.adapt4j.spark.internal.rows;

import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.exception.TooManyRequestsException;
import io.adapt4j.jinja.TemplateException;

/** Distinguishes errors of a row from those of the model, the machine or the program. */
final class RowErrors {

  private RowErrors() {}

  /**
   * Returns whether an error concerns the row only, such as a text that is too long or rejected by
   * a template.
   */
  static boolean isOfRow(RuntimeException e) {
    boolean ours =
        e instanceof Adapt4jException
            && !(e instanceof EngineException || e instanceof TooManyRequestsException);
    return ours || e instanceof IllegalArgumentException || e instanceof TemplateException;
  }
}
