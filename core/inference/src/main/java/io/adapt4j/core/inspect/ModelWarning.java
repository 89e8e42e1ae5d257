package io.adapt4j.core.inspect;

/**
 * A warning about a model before it is trained or used.
 *
 * @param kind its subject
 * @param message the finding and the remedy, in one or two sentences
 */
public record ModelWarning(Kind kind, String message) {

  /** Subjects of warnings. */
  public enum Kind {
    /** No license is stated, so nothing is permitted. */
    LICENSE_NOT_STATED,
    /** The license forbids commercial use. */
    LICENSE_FORBIDS_COMMERCIAL_USE,
    /** The license forbids sharing modified versions, which includes fine-tuned models. */
    LICENSE_FORBIDS_CHANGES,
    /** The license permits use on conditions. */
    LICENSE_HAS_CONDITIONS,
    /** The license is not among those whose terms are known. */
    LICENSE_UNKNOWN,
    /** This build cannot run the model. */
    UNSUPPORTED_ARCHITECTURE,
    /** The model is a known family under another name, according to its tensors and fields. */
    READ_AS_KNOWN_FAMILY,
    /** The configuration has unknown fields, which are ignored. */
    UNKNOWN_FIELDS,
    /** An output matrix is stored although the configuration ties it to the embedding. */
    UNTIED_OUTPUT_MATRIX,
    /** The weights are quantized. */
    QUANTIZED_WEIGHTS,
    /** No weights could be read. */
    NO_WEIGHTS,
    /** No tokenizer could be read. */
    NO_TOKENIZER,
    /** There is no chat template, but the intended use is chats. */
    NO_CHAT_TEMPLATE,
    /** The sequences are longer than the model's context. */
    SEQUENCE_TOO_LONG,
    /** No padding token is named. */
    NO_PADDING_TOKEN,
    /** The tokenizer has ids that the embedding has no rows for. */
    TOKENIZER_EXCEEDS_EMBEDDING,
    /** The model card or another small file could not be read, so its contents are unknown. */
    UNREADABLE_FILE
  }

  /** Returns the kind and the message. */
  @Override
  public String toString() {
    return kind + ": " + message;
  }
}
