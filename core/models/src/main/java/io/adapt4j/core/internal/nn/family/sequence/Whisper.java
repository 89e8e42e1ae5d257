package io.adapt4j.core.internal.nn.family.sequence;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.embedding.EmbeddingSlot;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.embedding.FeatureStem;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.sequence.SequenceTokens;
import io.adapt4j.core.internal.nn.sequence.Side;
import io.adapt4j.core.internal.nn.sequence.SourcePositions;
import io.adapt4j.core.internal.nn.sequence.SourcePositions.Kind;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Whisper (Radford et al. 2022), which transcribes speech. */
public final class Whisper implements Architecture {

  /** {@code model_type} of the configurations. */
  public static final String TYPE = "whisper";

  private static final String HEAD = "proj_out.weight";

  @Override
  public Set<String> modelTypes() {
    return Set.of(TYPE);
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double rate = DropoutFields.rate(fields, "dropout", 0);
    return DropoutRates.ofAttention(DropoutFields.rate(fields, "attention_dropout", 0))
        .withEmbedding(rate)
        .withOutputs(rate, rate)
        .withInner(DropoutFields.rate(fields, "activation_dropout", 0));
  }

  @Override
  public Network declare(ModelConfig model) {
    SequenceFields.requireGeneration(model, "ForConditionalGeneration");
    ConfigReader fields = model.fields();
    int hidden = fields.positiveInt("d_model", 384);
    int vocabulary = fields.positiveInt("vocab_size", 51865);
    int read = fields.positiveInt("encoder_layers", 4);
    int written = fields.positiveInt("decoder_layers", 4);
    int limit = fields.positiveInt("max_target_positions", 448);
    SequenceTokens special = SequenceFields.specialTokens(model, vocabulary, 50256, 50257);
    BartLayers parts =
        new BartLayers(
            model, hidden, true, false, Activations.read(model, "activation_function", "gelu"));
    FeatureStem stem =
        FeatureStem.declare("model.encoder", fields.positiveInt("num_mel_bins", 80), hidden);
    Parameter rows = Parameter.of("model.decoder.embed_tokens.weight", vocabulary, hidden);
    Embeddings tokens = Embeddings.padded(rows, Embeddings.Scale.NONE, special.padding());
    boolean tied = fields.bool("tie_word_embeddings", true);
    List<String> unread = new ArrayList<>();
    if (tied) {
      unread.add("proj_out\\.weight");
    }
    Side encoder =
        new Side(
            new EmbeddingSlot(stem),
            new SourcePositions(
                Parameter.fixed(
                    "model.encoder.embed_positions.weight",
                    fields.positiveInt("max_source_positions", 1500),
                    hidden),
                0,
                Kind.LEARNED),
            null,
            Norm.NONE,
            parts.of("encoder", read, 6, 1536, false),
            parts.norm("model.encoder.layer_norm"),
            false);
    Side decoder =
        new Side(
            tokens.slot(),
            new SourcePositions(
                Parameter.of("model.decoder.embed_positions.weight", limit, hidden),
                0,
                Kind.LEARNED),
            null,
            Norm.NONE,
            parts.of("decoder", written, 6, 1536, true),
            parts.norm("model.decoder.layer_norm"),
            false);
    return new EncoderDecoder(
        model,
        new Dimensions(hidden, read + written, vocabulary, limit),
        StoredNames.of("model.", unread.isEmpty() ? List.of("(?!)") : unread),
        tokens,
        stem.parameters(),
        encoder,
        decoder,
        new VocabularyHead(tied ? rows : Parameter.of(HEAD, vocabulary, hidden), null, 1, 0),
        special);
  }
}
