package io.adapt4j.spark.eval;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.eval.spi.Reply;
import java.io.Serializable;
import java.util.LinkedHashMap;

/** A serializable reply, to be sent to the driver, with its token counts. */
sealed interface SentReply extends Serializable {

  /** {@return the number of prompt tokens} */
  long promptTokens();

  /** {@return the number of generated tokens} */
  long newTokens();

  /** {@return the reply} */
  Reply reply();

  static SentReply of(Reply reply, long promptTokens, long newTokens) {
    if (reply instanceof Reply.Text text) {
      return new Text(text.text(), text.finishReason(), promptTokens, newTokens);
    }
    if (reply instanceof Reply.Classes classes) {
      return new Classes(new LinkedHashMap<>(classes.probabilities()), promptTokens, newTokens);
    }
    Reply.Likelihood likelihood = (Reply.Likelihood) reply;
    return new Likelihood(
        likelihood.logProbability(),
        likelihood.tokens(),
        likelihood.greedy(),
        promptTokens,
        newTokens);
  }

  /** A text. */
  record Text(String text, FinishReason reason, long promptTokens, long newTokens)
      implements SentReply {
    @Override
    public Reply reply() {
      return new Reply.Text(text, reason);
    }
  }

  /** Probabilities of classes, in order. */
  record Classes(LinkedHashMap<String, Double> classes, long promptTokens, long newTokens)
      implements SentReply {
    @Override
    public Reply reply() {
      return new Reply.Classes(classes);
    }
  }

  /** A likelihood. */
  record Likelihood(
      double logProbability, int tokens, boolean greedy, long promptTokens, long newTokens)
      implements SentReply {
    @Override
    public Reply reply() {
      return new Reply.Likelihood(logProbability, tokens, greedy);
    }
  }
}
