package io.adapt4j.core.internal.nn.family.sequence;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.sequence.SequenceTokens;

/** Reads the fields that configurations of encoder-decoders share. */
final class SequenceFields {

  private SequenceFields() {}

  /** Rejects classes with another output than the vocabulary's. */
  static void requireGeneration(ModelConfig model, String suffix) {
    for (String name : model.architectures()) {
      if (!name.endsWith(suffix)) {
        throw model
            .fields()
            .invalid(
                "architectures",
                "a class that ends in " + suffix,
                "Of this family only models that write texts are supported.");
      }
    }
  }

  /** Returns the special tokens; the start token defaults to the padding token. */
  static SequenceTokens specialTokens(ModelConfig model, int padding) {
    ConfigReader fields = model.fields();
    int pad = model.padTokenId().orElse(padding);
    return specialTokens(model, fields.requirePositiveInt("vocab_size"), pad, pad);
  }

  /** Returns the special tokens, with a family's default for each. */
  static SequenceTokens specialTokens(ModelConfig model, int vocabulary, int padding, int first) {
    ConfigReader fields = model.fields();
    int pad = model.padTokenId().orElse(padding);
    int start = fields.optionalInt("decoder_start_token_id").orElse(first);
    if (start < 0 || start >= vocabulary) {
      throw fields.invalid(
          "decoder_start_token_id", "a token from 0 to " + (vocabulary - 1), "Correct it.");
    }
    return new SequenceTokens(start, pad, model.modelType().equals("mbart"));
  }

  /** Reads a width that must be divisible by the number of heads. */
  static int divided(ConfigReader fields, String field, int heads, int width) {
    fields.requireDivisor(field, heads, "d_model", width);
    return width / heads;
  }
}
