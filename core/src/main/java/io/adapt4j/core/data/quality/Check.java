package io.adapt4j.core.data.quality;

/** What can be wrong with training data. */
public enum Check {
  /** A row of the file could not be read, and was left out. */
  MALFORMED_ROW("malformed rows", Severity.ERROR),
  /** An answer to learn is blank. */
  EMPTY_ANSWER("empty answers", Severity.ERROR),
  /** An answer seems to stop in the middle: no end of a sentence, or a code block left open. */
  TRUNCATED_ANSWER("answers that seem cut off", Severity.WARNING),
  /**
   * Messages of a conversation are not in the order that chat templates expect: system first, user
   * and assistant by turns, tools after calls, assistant last.
   */
  ROLE_ORDER("conversations with roles out of order", Severity.WARNING),
  /** A row is equal to an earlier one. */
  EXACT_DUPLICATE("exact duplicates", Severity.WARNING),
  /** A row is nearly equal to an earlier one. */
  NEAR_DUPLICATE("near duplicates", Severity.WARNING),
  /** The same text has different labels. */
  CONTRADICTORY_LABEL("texts with contradictory labels", Severity.WARNING),
  /** A row to train on has a large part of a row to test on, word by word. */
  LEAKAGE("test rows that are in the training data", Severity.ERROR),
  /** A row has more tokens than the limit. */
  TOO_LONG("rows over the limit", Severity.WARNING),
  /** The largest label has ten times as many rows as the smallest, or more. */
  LABEL_IMBALANCE("label balance", Severity.WARNING),
  /** A key, token or password of a service. */
  SECRET("suspected secrets", Severity.ERROR),
  /** An e-mail address, a phone number or a card number. */
  PERSONAL_DATA("suspected personal data", Severity.WARNING),
  /** UTF-8 read as another encoding, replacement characters, control characters. */
  ENCODING_DAMAGE("damaged characters", Severity.WARNING),
  /**
   * The tokenizer fills batches with the token that ends texts. Labels are masked by position here,
   * so the model still learns to stop; other programs that mask by token do not let it.
   */
  PAD_IS_EOS("padding token equal to the end-of-sequence token", Severity.INFO),
  /** A sample does not end with a token that ends it, so the model does not learn to stop. */
  EOS_LOST("samples that lost their end", Severity.ERROR),
  /** A sample has no token to learn within the limit. */
  NOTHING_TO_LEARN("samples with no trained token", Severity.ERROR),
  /** A sample begins with two beginning-of-sequence tokens. */
  DOUBLE_BOS("samples that begin twice", Severity.ERROR),
  /** A text lacks the words that are to come before the answer. */
  RESPONSE_MARKER_NOT_FOUND("texts without the response marker", Severity.ERROR),
  /**
   * Signs of the chat template, such as {@code <|im_start|>}, are no tokens of the tokenizer, so
   * that each is learned as the several tokens that spell it.
   */
  TEMPLATE_SIGNS("chat template signs that are not tokens", Severity.INFO),
  /** Labels differ in nothing but case or white space, and so are different classes. */
  SIMILAR_LABELS("labels that differ only in case or white space", Severity.WARNING),
  /** Conversations are trained in another chat template than the model will be used with. */
  TEMPLATE_DIFFERS("chat template of training other than that of use", Severity.ERROR);

  /** How bad it is. */
  public enum Severity {
    /** Good to know. */
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
   * Returns what to call it in a report.
   *
   * @return a few words, in the plural
   */
  public String title() {
    return title;
  }

  /** {@return how bad it is} */
  public Severity severity() {
    return severity;
  }
}
