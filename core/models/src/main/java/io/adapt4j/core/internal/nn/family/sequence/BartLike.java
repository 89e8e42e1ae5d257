package io.adapt4j.core.internal.nn.family.sequence;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.embedding.EmbeddingSlot;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.sequence.SequenceTokens;
import io.adapt4j.core.internal.nn.sequence.Side;
import io.adapt4j.core.internal.nn.sequence.SourcePositions;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * Common parts of BART, mBART, M2M100, Pegasus and MarianMT, with options for their differences.
 */
record BartLike(ModelConfig model, Options options) {

  /** Differences between the families. */
  record Options(
      boolean normFirst,
      boolean embeddingNorm,
      boolean logitsBias,
      boolean scaled,
      SourcePositions.Kind kind,
      int positionOffset,
      String activation,
      int positions,
      int padding) {}

  /** Token embeddings of both sides. */
  private record Tokens(
      Embeddings source, EmbeddingSlot target, List<Parameter> own, Parameter head) {}

  EncoderDecoder network() {
    ConfigReader fields = model.fields();
    int hidden = hidden();
    int read = fields.positiveInt("encoder_layers", 12);
    int written = fields.positiveInt("decoder_layers", 12);
    int vocabulary = fields.requirePositiveInt("vocab_size");
    SequenceTokens special = SequenceFields.specialTokens(model, options.padding());
    Tokens tokens = tokens(vocabulary, special.padding());
    boolean tied = fields.bool("tie_word_embeddings", true);
    Parameter weight =
        tied ? tokens.head() : Parameter.of("lm_head.weight", targetVocabulary(), hidden);
    Parameter bias =
        options.logitsBias() ? Parameter.fixed("final_logits_bias", 1, targetVocabulary()) : null;
    return new EncoderDecoder(
        model,
        new Dimensions(hidden, read + written, vocabulary, positions()),
        names(tied, tokens.own().isEmpty()),
        tokens.source(),
        tokens.own(),
        side("encoder", tokens.source().slot(), read, false),
        side("decoder", tokens.target(), written, true),
        new VocabularyHead(weight, bias, 1, 0),
        special);
  }

  private StoredNames names(boolean tied, boolean shared) {
    List<String> unread = new ArrayList<>();
    if (shared) {
      unread.add("(model\\.)?(encoder|decoder)\\.embed_tokens\\.weight");
    } else {
      unread.add("(model\\.)?shared\\.weight");
    }
    if (tied) {
      unread.add("lm_head\\.weight");
    }
    if (options.kind() != SourcePositions.Kind.LEARNED) {
      unread.add("(model\\.)?(encoder|decoder)\\.embed_positions\\.weights?");
    }
    return StoredNames.of("model.", unread);
  }

  private int hidden() {
    return model.fields().positiveInt("d_model", 1024);
  }

  private int positions() {
    return model.fields().positiveInt("max_position_embeddings", options.positions());
  }

  private int targetVocabulary() {
    return model
        .fields()
        .positiveInt("decoder_vocab_size", model.fields().requirePositiveInt("vocab_size"));
  }

  private Tokens tokens(int vocabulary, int padding) {
    double factor =
        model.fields().bool("scale_embedding", options.scaled()) ? Math.sqrt(hidden()) : 1;
    if (model.fields().bool("share_encoder_decoder_embeddings", true)) {
      Embeddings shared = embeddings("model.shared.weight", vocabulary, factor, padding);
      return new Tokens(shared, shared.slot(), List.of(), shared.tokens());
    }
    Embeddings source =
        embeddings("model.encoder.embed_tokens.weight", vocabulary, factor, padding);
    Embeddings target =
        embeddings("model.decoder.embed_tokens.weight", targetVocabulary(), factor, padding);
    return new Tokens(source, target.slot(), List.of(target.tokens()), target.tokens());
  }

  private Embeddings embeddings(String name, int vocabulary, double factor, int padding) {
    Parameter rows = Parameter.of(name, vocabulary, hidden());
    return Embeddings.padded(rows, new Embeddings.Scale(factor, false), padding);
  }

  private Side side(String name, EmbeddingSlot tokens, int count, boolean writes) {
    String path = "model." + name;
    BartLayers parts = layers();
    SourcePositions positions =
        new SourcePositions(
            Parameter.of(
                path + ".embed_positions.weight", positions() + options.positionOffset(), hidden()),
            options.positionOffset(),
            options.kind());
    return new Side(
        tokens,
        positions,
        null,
        options.embeddingNorm() ? parts.norm(path + ".layernorm_embedding") : Norm.NONE,
        parts.of(name, count, 16, 4096, writes),
        options.normFirst() ? parts.norm(path + ".layer_norm") : Norm.NONE,
        false);
  }

  private BartLayers layers() {
    return new BartLayers(
        model,
        hidden(),
        options.normFirst(),
        true,
        Activations.read(model, "activation_function", options.activation()));
  }
}
