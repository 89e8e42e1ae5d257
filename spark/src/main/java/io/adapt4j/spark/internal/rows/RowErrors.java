package io.adapt4j.spark.internal.rows;

import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.exception.TooManyRequestsException;
import io.adapt4j.jinja.TemplateException;

/** Tells errors of a row from those of the model, the machine or the program. */
final class RowErrors {

  private RowErrors() {}

  /** Whether another row would do: a text that is too long, a template that refuses it. */
  static boolean isOfRow(RuntimeException e) {
    boolean ours =
        e instanceof Adapt4jException
            && !(e instanceof EngineException || e instanceof TooManyRequestsException);
    return ours || e instanceof IllegalArgumentException || e instanceof TemplateException;
  }
}
