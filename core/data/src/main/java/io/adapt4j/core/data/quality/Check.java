package io.adapt4j.core.data.quality;

/** Check for a kind of problem in training data. */
public enum Check {
  /** A row of the file could not be read and was skipped. */
  MALFORMED_ROW("malformed rows", Severity.ERROR),
  /** An answer to train on is blank. */
  EMPTY_ANSWER("empty answers", Severity.ERROR),
  /** An answer seems truncated: it lacks the end of a sentence, or a code block is not closed. */
  TRUNCATED_ANSWER("answers that seem cut off", Severity.WARNING),
  /**
   * Messages of a conversation are not in the order that chat templates expect: system first, user
   * and assistant alternating, tool results after calls, assistant last.
   */
  ROLE_ORDER("conversations with roles out of order", Severity.WARNING),
  /** A row is equal to an earlier one. */
  EXACT_DUPLICATE("exact duplicates", Severity.WARNING),
  /** A row is nearly equal to an earlier one. */
  NEAR_DUPLICATE("near duplicates", Severity.WARNING),
  /** The same text has different labels. */
  CONTRADICTORY_LABEL("texts with contradictory labels", Severity.WARNING),
  /** A training row contains a large part of a test row verbatim. */
  LEAKAGE("test rows that are in the training data", Severity.ERROR),
  /** A row has more tokens than the limit. */
  TOO_LONG("rows over the limit", Severity.WARNING),
  /** The largest label has at least ten times as many rows as the smallest. */
  LABEL_IMBALANCE("label balance", Severity.WARNING),
  /** A row contains a key, token or password of a service. */
  SECRET("suspected secrets", Severity.ERROR),
  /** A row contains an e-mail address, a phone number or a card number. */
  PERSONAL_DATA("suspected personal data", Severity.WARNING),
  /** A row contains mojibake, replacement characters or control characters. */
  ENCODING_DAMAGE("damaged characters", Severity.WARNING),
  /**
   * The tokenizer's padding token is the end-of-sequence token. Labels are masked by position here,
   * so the model still learns to stop; programs that mask by token prevent that.
   */
  PAD_IS_EOS("padding token equal to the end-of-sequence token", Severity.INFO),
  /** A sample lacks an end token, so the model does not learn to stop. */
  EOS_LOST("samples that lost their end", Severity.ERROR),
  /** A sample has no trained token within the limit. */
  NOTHING_TO_LEARN("samples with no trained token", Severity.ERROR),
  /** A sample begins with two beginning-of-sequence tokens. */
  DOUBLE_BOS("samples that begin twice", Severity.ERROR),
  /** A text lacks the marker that precedes the answer. */
  RESPONSE_MARKER_NOT_FOUND("texts without the response marker", Severity.ERROR),
  /**
   * Markers of the chat template, such as {@code <|im_start|>}, are not single tokens of the
   * tokenizer, so each is learned as several tokens.
   */
  TEMPLATE_SIGNS("chat template signs that are not tokens", Severity.INFO),
  /** Labels differ only in case or whitespace but count as different classes. */
  SIMILAR_LABELS("labels that differ only in case or white space", Severity.WARNING),
  /** Conversations are trained with another chat template than the model will be used with. */
  TEMPLATE_DIFFERS("chat template of training other than that of use", Severity.ERROR);

  /** Severity of a problem. */
  public enum Severity {
    /** For information. */
    INFO,
    /** Likely to cost quality; look at some rows. */
    WARNING,
    /** Trains on the wrong thing, or makes results worthless. */
    ERROR
  }

  private final String title;
  private final Severity severity;

  Check(String title, Severity severity) {
    this.title = title;
    this.severity = severity;
  }

  /**
   * Returns the title in reports.
   *
   * @return a few words, in the plural
   */
  public String title() {
    return title;
  }

  /** {@return the severity} */
  public Severity severity() {
    return severity;
  }
}
