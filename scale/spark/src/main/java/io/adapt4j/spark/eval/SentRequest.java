package io.adapt4j.spark.eval;

import io.adapt4j.eval.spi.Request;
import io.adapt4j.spark.internal.model.GenerationChoice;
import java.io.Serializable;

/** A serializable request, to be sent to an executor. */
sealed interface SentRequest extends Serializable {

  /** {@return the request} */
  Request request();

  static SentRequest of(Request request) {
    if (request instanceof Request.Likelihood likelihood) {
      return new Likelihood(likelihood.context(), likelihood.continuation());
    }
    if (request instanceof Request.WholeText text) {
      return new WholeText(text.text(), text.window(), text.stride());
    }
    if (request instanceof Request.Answer answer) {
      return new Answer(answer.prompt(), GenerationChoice.of(answer.options()));
    }
    return new Classification(((Request.Classification) request).text());
  }

  /** Likelihood of a continuation. */
  record Likelihood(String context, String continuation) implements SentRequest {
    @Override
    public Request request() {
      return new Request.Likelihood(context, continuation);
    }
  }

  /** Likelihood of a whole text. */
  record WholeText(String text, int window, int stride) implements SentRequest {
    @Override
    public Request request() {
      return new Request.WholeText(text, window, stride);
    }
  }

  /** Generation of an answer. */
  record Answer(String prompt, GenerationChoice choice) implements SentRequest {
    @Override
    public Request request() {
      return new Request.Answer(prompt, choice.options());
    }
  }

  /** Classification of a text. */
  record Classification(String text) implements SentRequest {
    @Override
    public Request request() {
      return new Request.Classification(text);
    }
  }
}
