package io.adapt4j.core.inspect;

import io.adapt4j.core.inspect.ModelWarning.Kind;
import java.util.ArrayList;
import java.util.List;

/** Finds the warnings that apply to an intended use of a model. */
final class Warnings {

  private final ModelInfo info;
  private final Intent intent;
  private final List<ModelWarning> warnings;

  Warnings(ModelInfo info, Intent intent) {
    this.info = info;
    this.intent = intent;
    this.warnings = new ArrayList<>(info.problems());
  }

  private static final String UNPACKED =
      "The weights are 8-bit floats (FP8). They are unpacked to the precision of loading: the model"
          + " takes the memory of plain weights, which are rounded, and is trained and written as"
          + " one with plain weights.";

  List<ModelWarning> list() {
    warnings.addAll(LicenseTerms.warnings(info.card(), info.licenseText(), intent.commercial()));
    quantization();
    chatTemplate();
    sequenceLength();
    padding();
    vocabulary();
    return List.copyOf(warnings);
  }

  private void quantization() {
    info.storedQuantization()
        .ifPresent(
            quantization ->
                add(
                    Kind.QUANTIZED_WEIGHTS,
                    quantization.unpacked()
                        ? UNPACKED
                        : "The weights are quantized ("
                            + quantization
                            + "), so they are rounded and cannot be trained themselves. For full"
                            + " fine-tuning take the model's original weights; for adapters check"
                            + " that the method is supported."));
  }

  private void chatTemplate() {
    if (intent.chat() && info.chatTemplates().isEmpty()) {
      add(
          Kind.NO_CHAT_TEMPLATE,
          "The model has no chat template, so nobody has said how a chat is written for it. Take"
              + " its instruction-tuned variant, or state a template and keep it with the model you"
              + " train.");
    }
  }

  private void sequenceLength() {
    if (intent.sequenceLength().isEmpty() || info.contextLength().isEmpty()) {
      return;
    }
    int wanted = intent.sequenceLength().getAsInt();
    int limit = info.contextLength().getAsInt();
    if (wanted > limit) {
      add(
          Kind.SEQUENCE_TOO_LONG,
          ("Sequences of %s tokens are longer than the model's context of %s. Cut or split"
                  + " them to %s tokens, or choose a model with a longer context.")
              .formatted(wanted, limit, limit));
    }
  }

  private void padding() {
    if (info.padTokenId().isPresent() || info.tokenizer().isEmpty()) {
      return;
    }
    TokenizerInfo tokenizer = info.tokenizer().get();
    add(
        Kind.NO_PADDING_TOKEN,
        "The model names no padding token. Short rows are filled with id "
            + tokenizer.paddingId()
            + tokenizer.paddingToken().map(token -> " (" + token + ")").orElse("")
            + ", and padding is told by the attention mask, so nothing need be done; name a"
            + " pad_token if other programs ask for one.");
  }

  private void vocabulary() {
    if (info.tokenizer().isEmpty() || info.shape().vocabularySize().isEmpty()) {
      return;
    }
    int ids = info.tokenizer().get().vocabularySize();
    int rows = info.shape().vocabularySize().getAsInt();
    if (ids > rows) {
      add(
          Kind.TOKENIZER_EXCEEDS_EMBEDDING,
          ("The tokenizer has %s ids, but the embedding only %s rows, so a text with one of"
                  + " the last tokens fails. Use the tokenizer saved with this model, or"
                  + " remove the tokens added to it.")
              .formatted(ids, rows));
    }
  }

  private void add(Kind kind, String message) {
    warnings.add(new ModelWarning(kind, message));
  }
}
