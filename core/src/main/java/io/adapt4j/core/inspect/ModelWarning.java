package io.adapt4j.core.inspect;

/**
 * Something to know before a model is trained or used.
 *
 * @param kind what it is about
 * @param message a sentence or two: what was found and what to do
 */
public record ModelWarning(Kind kind, String message) {

  /** What a warning is about. */
  public enum Kind {
    /** No license is stated, so nothing is permitted. */
    LICENSE_NOT_STATED,
    /** The license forbids commercial use. */
    LICENSE_FORBIDS_COMMERCIAL_USE,
    /** The license forbids sharing changed versions, which a fine-tuned model is. */
    LICENSE_FORBIDS_CHANGES,
    /** The license permits use on conditions. */
    LICENSE_HAS_CONDITIONS,
    /** The license is not one whose terms are known here. */
    LICENSE_UNKNOWN,
    /** This build cannot run the model. */
    UNSUPPORTED_ARCHITECTURE,
    /** The model is a known family under another name, by its tensors and fields. */
    READ_AS_KNOWN_FAMILY,
    /** The configuration has fields whose meaning nobody knows, which nothing is computed with. */
    UNKNOWN_FIELDS,
    /** An output matrix is stored though the configuration ties it to the embedding. */
    UNTIED_OUTPUT_MATRIX,
    /** The weights are quantized. */
    QUANTIZED_WEIGHTS,
    /** There are no weights that could be read. */
    NO_WEIGHTS,
    /** There is no tokenizer that could be read. */
    NO_TOKENIZER,
    /** There is no chat template, but chats are to be used. */
    NO_CHAT_TEMPLATE,
    /** The sequences are longer than the model's context. */
    SEQUENCE_TOO_LONG,
    /** No padding token is named. */
    NO_PADDING_TOKEN,
    /** The tokenizer has ids that the embedding has no rows for. */
    TOKENIZER_EXCEEDS_EMBEDDING,
    /** The model card or another small file could not be read, so what it says is unknown. */
    UNREADABLE_FILE
  }

  /** Returns the kind and the message. */
  @Override
  public String toString() {
    return kind + ": " + message;
  }
}
