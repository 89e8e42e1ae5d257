package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.nn.family.sequence.T5Output;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * T5, FLAN-T5, mT5 and umT5: encoder-decoder models with relative position biases.
 *
 * <p>T5 scales its final hidden states by a factor that llama.cpp lacks. Exported files fold it
 * into the preceding norm and mark this with a key of this library. Files of the official converter
 * lack it; in them it applies if the output matrix is tied to the embedding.
 */
final class T5 {

  private static final String ACTIVATION = "feed_forward_proj";
  private static final String GATED = "gated-gelu";
  private static final String FUNCTION = "dense_act_fn";
  private static final String BUCKETS = "relative_attention_num_buckets";
  private static final String DISTANCE = "relative_attention_max_distance";
  private static final String WRITTEN = "num_decoder_layers";
  private static final String EPS = "layer_norm_epsilon";
  private static final String START = "decoder_start_token_id";
  private static final String LAST_NORM = "decoder.final_layer_norm";

  /**
   * Key stating that the factor of the final hidden states is folded into the decoder's last norm.
   */
  private static final String SCALED = "adapt4j.scaled_output_norm";

  /** Key stating whether there is such a factor, if it does not follow from the output matrix. */
  private static final String SCALES = "adapt4j.scale_decoder_outputs";

  /** The maximum distance that llama.cpp hardcodes: larger ones share the last bucket. */
  private static final int FARTHEST = 128;

  /** Context length that the converter states for models without a length limit. */
  private static final int CONTEXT = 512;

  private T5() {}

  static FamilyDeclaration<?> family() {
    return new PlainFamily("t5", "t5", "T5ForConditionalGeneration")
        .alsoOf("mt5", "umt5")
        .read(T5::facts)
        .names(T5::names)
        .inFile(
            (place, metadata) ->
                place.name().equals(LAST_NORM + ".weight") && !metadata.bool(SCALED).orElse(false)
                    ? new Place(place.name(), Layout.SAME, place.expert())
                    : place)
        .before(
            Field.integer("context_length", "n_positions", Facts::contextLength),
            Field.integer("embedding_length", "d_model", facts -> facts.decoder().hiddenSize()),
            Field.integer(
                "feed_forward_length", "d_ff", facts -> facts.decoder().intermediateSize()),
            Field.integer("block_count", "num_layers", facts -> facts.decoder().layers()),
            Field.integer("decoder_block_count", WRITTEN, T5::decoderLayers),
            Field.integer("attention.head_count", "num_heads", facts -> facts.decoder().heads()),
            Field.integer("attention.key_length", "d_kv", facts -> facts.decoder().headDim()),
            Field.derived("attention.value_length", facts -> facts.decoder().headDim()),
            Field.number(
                "attention.layer_norm_epsilon", EPS, facts -> facts.decoder().rmsNormEps()),
            Field.integer("attention.relative_buckets_count", BUCKETS, 32),
            Field.number(
                "attention.layer_norm_rms_epsilon", EPS, facts -> facts.decoder().rmsNormEps()),
            Field.integer(
                START,
                START,
                facts ->
                    facts.fields().optionalInt(START).orElse(facts.model().padTokenId().orElse(0))))
        .after(
            Field.written((facts, prefix, target) -> target.bool(SCALED, true))
                .when(facts -> T5Output.isScaled(facts.model())),
            new Field(
                    (facts, prefix, target) ->
                        target.bool(SCALES, T5Output.isScaled(facts.model())),
                    (source, prefix, config) ->
                        source
                            .bool(SCALES)
                            .ifPresent(scales -> config.put(T5Output.SCALED, scales)))
                .when(facts -> T5Output.isScaled(facts.model()) != T5Output.isTied(facts.model())))
        .complete(T5::complete)
        .fit(T5::fit)
        .check(T5::requireSupported);
  }

  private static String activation(ModelConfig model) {
    return model
        .fields()
        .optionalText(ACTIVATION)
        .orElse(model.modelType().equals("t5") ? "relu" : GATED);
  }

  private static Facts facts(ModelConfig model) {
    ConfigReader fields = model.fields();
    boolean many = !model.modelType().equals("t5");
    int heads = fields.positiveInt("num_heads", many ? 6 : 8);
    int width = fields.positiveInt("d_kv", 64);
    int positions = fields.positiveInt("n_positions", CONTEXT);
    DecoderConfig decoder =
        new DecoderConfig(
            fields.positiveInt("d_model", 512),
            fields.positiveInt("d_ff", many ? 1024 : 2048),
            fields.positiveInt("num_layers", many ? 8 : 6),
            heads,
            heads,
            width,
            fields.requirePositiveInt("vocab_size"),
            positions,
            fields.positiveNumber(EPS, 1e-6),
            activation(model),
            false,
            false,
            T5Output.isTied(model),
            10_000,
            new RopeScaling.Default(),
            width);
    return new Facts(model, decoder, positions);
  }

  private static List<TensorName> names(ModelConfig model) {
    boolean gated = activation(model).startsWith("gated-");
    int hidden = model.fields().positiveInt("d_model", 512);
    Layout lastNorm = T5Output.isScaled(model) ? Layout.times(Math.pow(hidden, -0.5)) : Layout.SAME;
    List<TensorName> names = new ArrayList<>();
    names.add(TensorName.of("shared", "token_embd"));
    names.add(TensorName.of("encoder.final_layer_norm", "enc.output_norm"));
    names.add(TensorName.of(LAST_NORM, "dec.output_norm", lastNorm));
    names.add(TensorName.of("lm_head", "output"));
    String read = "encoder.block.{}.layer.";
    attention(read + "0.SelfAttention.", "enc.blk.{}.attn_", names);
    names.add(TensorName.of(read + "0.layer_norm", "enc.blk.{}.attn_norm"));
    feedForward(read + 1, "enc.blk.{}.ffn_", gated, names);
    String written = "decoder.block.{}.layer.";
    attention(written + "0.SelfAttention.", "dec.blk.{}.attn_", names);
    names.add(TensorName.of(written + "0.layer_norm", "dec.blk.{}.attn_norm"));
    attention(written + "1.EncDecAttention.", "dec.blk.{}.cross_attn_", names);
    names.add(TensorName.of(written + "1.layer_norm", "dec.blk.{}.cross_attn_norm"));
    feedForward(written + 2, "dec.blk.{}.ffn_", gated, names);
    return names;
  }

  private static void attention(String stored, String gguf, List<TensorName> names) {
    for (String projection : List.of("q", "k", "v", "o")) {
      names.add(TensorName.of(stored + projection, gguf + projection));
    }
    names.add(TensorName.of(stored + "relative_attention_bias", gguf + "rel_b"));
  }

  private static void feedForward(
      String stored, String gguf, boolean gated, List<TensorName> names) {
    String path = stored + ".DenseReluDense.";
    names.add(TensorName.of(path + (gated ? "wi_1" : "wi"), gguf + "up"));
    if (gated) {
      names.add(TensorName.of(path + "wi_0", gguf + "gate"));
    }
    names.add(TensorName.of(path + "wo", gguf + "down"));
    names.add(TensorName.of(stored + ".layer_norm", gguf + "norm"));
  }

  private static int decoderLayers(Facts facts) {
    return facts.fields().positiveInt(WRITTEN, facts.decoder().layers());
  }

  private static void complete(GgufMetadata metadata, String prefix, ObjectNode config) {
    config.put("is_encoder_decoder", true).put(DISTANCE, FARTHEST);
    config.put("eos_token_id", 1).put("pad_token_id", 0);
    if (!config.has(WRITTEN)) {
      config.put(WRITTEN, config.path("num_layers").asInt());
    }
    if (!config.has("d_kv") && config.path("num_heads").asInt() > 0) {
      config.put("d_kv", config.path("d_model").asInt() / config.path("num_heads").asInt());
    }
  }

  private static void fit(Set<String> tensors, ObjectNode config) {
    config.put(ACTIVATION, tensors.contains("enc.blk.0.ffn_gate.weight") ? GATED : "relu");
    if (tensors.contains("enc.blk.1.attn_rel_b.weight")
        || tensors.contains("dec.blk.1.attn_rel_b.weight")) {
      // Only umT5 has separate position biases in every layer.
      config.put("model_type", "umt5");
      config.putArray("architectures").add("UMT5ForConditionalGeneration");
    }
  }

  private static void requireSupported(Facts facts) {
    Checks.number(facts, DISTANCE, facts.fields().positiveInt(DISTANCE, FARTHEST), FARTHEST);
    if (decoderLayers(facts) > facts.decoder().layers()) {
      throw facts
          .fields()
          .invalid(
              WRITTEN,
              "at most the " + facts.decoder().layers() + " layers of the encoder",
              "llama.cpp does not load a decoder with more; run this model here.");
    }
    String activation = activation(facts.model());
    if (!Set.of("relu", GATED).contains(activation)) {
      throw Checks.refused(facts, ACTIVATION, "relu or " + GATED);
    }
    boolean gated = activation.equals(GATED);
    String derived = gated ? "gelu_new" : activation;
    if (!facts.fields().optionalText(FUNCTION).orElse(derived).equals(derived)) {
      throw Checks.refused(facts, FUNCTION, derived);
    }
    Checks.flag(facts, "is_gated_act", gated, gated);
  }
}
