package io.adapt4j.core.internal.nn.family.common;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.tensor.op.DropoutRates;

/** Reads the dropout probabilities in a configuration. */
public final class DropoutFields {

  private DropoutFields() {}

  /** Reads one field; null and absent mean the default. */
  public static double rate(ConfigReader fields, String field, double usual) {
    double rate = fields.optionalNumber(field).orElse(usual);
    if (!(rate >= 0 && rate < 1)) {
      throw fields.invalid(field, "a probability from 0 up to, not including, 1", "Correct it.");
    }
    return rate;
  }

  /** Reads {@code attention_dropout} only, as in most decoders. */
  public static DropoutRates ofAttention(ConfigReader fields) {
    return DropoutRates.ofAttention(rate(fields, "attention_dropout", 0));
  }

  /** Reads the fields of BERT and related families. */
  public static DropoutRates ofBert(ConfigReader fields) {
    double hidden = rate(fields, "hidden_dropout_prob", 0.1);
    return DropoutRates.ofAttention(rate(fields, "attention_probs_dropout_prob", 0.1))
        .withEmbedding(hidden)
        .withOutputs(hidden, hidden)
        .withClassifier(0, rate(fields, "classifier_dropout", hidden));
  }

  /** Adds the dropout of a decoder's token classifier, with Transformers' default. */
  public static DropoutRates withTokenClasses(DropoutRates rates, ConfigReader fields) {
    double usual = rate(fields, "hidden_dropout", 0.1);
    return rates.withClassifier(0, rate(fields, "classifier_dropout", usual));
  }
}
