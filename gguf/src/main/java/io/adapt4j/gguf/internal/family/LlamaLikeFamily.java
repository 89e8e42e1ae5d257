package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/** Base of Llama-like families: tensor names, keys and checks. */
abstract class LlamaLikeFamily extends GgufFamily {

  private static final String REMEDY =
      "llama.cpp computes it otherwise whatever the file says; run this model here, or export a"
          + " checkpoint without it.";

  abstract DecoderConfig.Defaults defaults();

  /** Returns whether query and key rows are interleaved in rotary pairs. */
  boolean pairsRotaryRows() {
    return false;
  }

  @Override
  Facts read(ModelConfig stated) {
    ModelConfig model = text(stated);
    ModelConfig complete = share() == 1 ? model : RotaryShare.withDefault(model, share());
    DecoderConfig decoder = DecoderConfig.from(complete, defaults(), rotatedAs());
    return new Facts(model, decoder, decoder.maxPositionEmbeddings());
  }

  /**
   * Returns the layer type whose rotary parameters files state; empty if all layers have the same.
   */
  Optional<String> rotatedAs() {
    return Optional.empty();
  }

  /** Returns the default fraction of each head that is rotated. */
  double share() {
    return 1;
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    DecoderConfig decoder = read(model).decoder();
    List<TensorName> names = new ArrayList<>();
    names.add(TensorName.of("model.embed_tokens", "token_embd"));
    names.add(TensorName.of("model." + finalNorm(), "output_norm", normLayout()));
    names.add(TensorName.of("lm_head", "output"));
    projections(decoder, names);
    norms(names);
    return names;
  }

  /** Returns the name of the final norm. */
  String finalNorm() {
    return "norm";
  }

  Layout normLayout() {
    return Layout.SAME;
  }

  void projections(DecoderConfig decoder, List<TensorName> names) {
    boolean pairs = pairsRotaryRows();
    names.add(
        layer(
            "self_attn.q_proj",
            "attn_q",
            pairs ? rotaryPairs(decoder, decoder.heads()) : Layout.SAME));
    names.add(
        layer(
            "self_attn.k_proj",
            "attn_k",
            pairs ? rotaryPairs(decoder, decoder.kvHeads()) : Layout.SAME));
    names.add(layer("self_attn.v_proj", "attn_v"));
    names.add(layer("self_attn.o_proj", "attn_output"));
    feedForward(names);
  }

  private static Layout rotaryPairs(DecoderConfig decoder, int heads) {
    return Layout.SAME.with(
        RowOrder.rotaryPairs(heads, (double) decoder.rotaryDim() / decoder.headDim()));
  }

  void feedForward(List<TensorName> names) {
    names.add(layer("mlp.gate_proj", "ffn_gate"));
    names.add(layer("mlp.up_proj", "ffn_up"));
    names.add(layer("mlp.down_proj", "ffn_down"));
  }

  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm"));
    names.add(layer("post_attention_layernorm", "ffn_norm"));
  }

  static TensorName layer(String stored, String gguf) {
    return layer(stored, gguf, Layout.SAME);
  }

  static TensorName layer(String stored, String gguf, Layout layout) {
    return TensorName.of("model.layers.{}." + stored, "blk.{}." + gguf, layout);
  }

  /** Returns the keys in the order of the official converter's base class. */
  @Override
  List<Field> fieldsBeforeFileType() {
    return List.of(
        Field.integer("block_count", "num_hidden_layers", facts -> facts.decoder().layers()),
        contextLength(),
        Field.integer("embedding_length", "hidden_size", facts -> facts.decoder().hiddenSize()),
        innerWidth(),
        Field.integer(
            "attention.head_count", "num_attention_heads", facts -> facts.decoder().heads()),
        keyValueHeads(),
        ropeScaling(),
        Field.number("rope.freq_base", "rope_theta", facts -> facts.decoder().ropeTheta()),
        localTheta(),
        normEps(),
        keyLength().when(this::statesHeadDim),
        Field.derived("attention.value_length", facts -> facts.decoder().headDim())
            .when(this::statesHeadDim));
  }

  Field ropeScaling() {
    return RopeFields.scaling();
  }

  Field innerWidth() {
    return Field.integer(
        "feed_forward_length", "intermediate_size", facts -> facts.decoder().intermediateSize());
  }

  Field keyValueHeads() {
    return Field.integer(
        "attention.head_count_kv", "num_key_value_heads", facts -> facts.decoder().kvHeads());
  }

  static Field contextLength() {
    return Field.integer("context_length", "max_position_embeddings", Facts::contextLength);
  }

  Field rmsNormEps() {
    return Field.number(
        "attention.layer_norm_rms_epsilon", "rms_norm_eps", facts -> facts.decoder().rmsNormEps());
  }

  /** Returns the key for the norms' epsilon. */
  Field normEps() {
    return rmsNormEps();
  }

  static Field layerNormEps(String field) {
    return Field.number(
        "attention.layer_norm_epsilon", field, facts -> facts.fields().positiveNumber(field, 1e-5));
  }

  static Field keyLength() {
    return Field.integer("attention.key_length", "head_dim", facts -> facts.decoder().headDim());
  }

  /** Returns the key for the rotary base frequency of sliding-window layers. */
  Field localTheta() {
    return new Field((facts, prefix, target) -> {}, (source, prefix, config) -> {});
  }

  /**
   * Returns whether the head size is written; otherwise it is the query size over the number of
   * heads.
   */
  boolean statesHeadDim(Facts facts) {
    return facts.fields().has("head_dim")
        || facts.decoder().headDim() * facts.decoder().heads() != facts.decoder().hiddenSize();
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of();
  }

  /** Returns the two keys that conclude files of Llama and the architectures derived from it. */
  static List<Field> vocabularyAndRotaryDim() {
    return List.of(
        Field.integer("vocab_size", "vocab_size", facts -> facts.decoder().vocabSize()),
        Field.derived("rope.dimension_count", facts -> facts.decoder().headDim()));
  }

  /** Returns the kinds of RoPE scaling that llama.cpp applies in this architecture. */
  Set<Class<? extends RopeScaling>> scalings() {
    return Set.of(RopeScaling.Default.class, RopeScaling.Linear.class, RopeScaling.Yarn.class);
  }

  /** Returns whether the bounds of YaRN's ramp must be integers, as in llama.cpp. */
  boolean truncates() {
    return true;
  }

  /** Returns whether llama.cpp reads the bounds of YaRN's ramp. */
  boolean readsBounds() {
    return false;
  }

  /** Returns the activations equivalent to the one llama.cpp hardcodes. */
  Set<String> activations() {
    return Set.of("silu", "swish");
  }

  @Override
  public void requireSupported(Facts facts) {
    DecoderConfig decoder = facts.decoder();
    if (!activations().contains(decoder.hiddenActivation())) {
      throw refused(facts, activationField(facts), "one of " + sorted(activations()));
    }
    requireKind(facts, scalings(), truncates());
    if (!readsBounds()) {
      requireUsualBounds(facts);
    }
    if (decoder.rotaryDim() != decoder.headDim() && !rotatesPart()) {
      throw refused(facts, "partial_rotary_factor", "1");
    }
    requireBiases(facts);
    requireWindow(facts);
  }

  boolean rotatesPart() {
    return false;
  }

  /** Rejects biases unless a family overrides this. */
  void requireBiases(Facts facts) {
    requireBiasesOff(facts);
  }

  static void requireBiasesOff(Facts facts) {
    requireOff(facts, "attention_bias");
    requireOff(facts, "mlp_bias");
  }

  /**
   * Rejects an effective sliding window, which llama.cpp ignores unless a family overrides this.
   */
  void requireWindow(Facts facts) {
    requireNoEffect(facts, window(facts));
  }

  /** Returns the size of the sliding window; 0 if there is none. */
  int window(Facts facts) {
    return 0;
  }

  /** Requires that the context fits in the window, so that it has no effect. */
  static void requireNoEffect(Facts facts, int window) {
    if (window > 0 && window < facts.contextLength()) {
      throw facts
          .fields()
          .invalid(
              "sliding_window",
              "none, or at least the " + facts.contextLength() + " tokens of the context",
              "llama.cpp ignores the window of this architecture: within "
                  + window
                  + " tokens both compute the same, so give contextLength("
                  + window
                  + ") to export the model for those.");
    }
  }

  /** Returns the sliding window of families that enable it by a field, in some layers. */
  static int switchedWindow(Facts facts) {
    ConfigReader fields = facts.fields();
    boolean listed = fields.texts("layer_types").contains("sliding_attention");
    int layers = facts.decoder().layers();
    boolean some = listed || (!fields.has("layer_types") && fullLayers(fields) < layers);
    return fields.bool("use_sliding_window", false) && some
        ? fields.positiveInt("sliding_window", 4096)
        : 0;
  }

  private static int fullLayers(ConfigReader fields) {
    return fields.optionalInt("max_window_layers").orElse(28);
  }

  static void requireOff(Facts facts, String field) {
    if (facts.fields().bool(field, false)) {
      throw refused(facts, field, "false");
    }
  }

  /** Requires one of the given kinds of scaling, and YaRN parameters that llama.cpp reads. */
  static void requireScaling(
      Facts facts, Set<Class<? extends RopeScaling>> kinds, boolean truncates) {
    requireKind(facts, kinds, truncates);
    requireUsualBounds(facts);
  }

  private static void requireKind(
      Facts facts, Set<Class<? extends RopeScaling>> kinds, boolean truncates) {
    RopeScaling scaling = facts.decoder().ropeScaling();
    if (!kinds.contains(scaling.getClass())) {
      throw refused(facts, scalingField(facts), "a rotary scaling that the family has there");
    }
    if (scaling instanceof RopeScaling.Yarn yarn && truncates && !yarn.truncate()) {
      throw refused(facts, scalingField(facts), "yarn that truncates its bounds");
    }
  }

  private static void requireUsualBounds(Facts facts) {
    if (facts.decoder().ropeScaling() instanceof RopeScaling.Yarn yarn
        && (yarn.betaFast() != 32 || yarn.betaSlow() != 1)) {
      throw refused(facts, scalingField(facts), "yarn with beta_fast 32 and beta_slow 1");
    }
  }

  /** Requires that the head size is the hidden size over the number of heads. */
  static void requireUsualHeadDim(Facts facts) {
    DecoderConfig decoder = facts.decoder();
    if (decoder.headDim() * decoder.heads() != decoder.hiddenSize()) {
      throw refused(facts, "head_dim", "hidden_size / num_attention_heads");
    }
  }

  static String scalingField(Facts facts) {
    return facts.fields().has("rope_scaling") ? "rope_scaling" : "rope_parameters";
  }

  private static String activationField(Facts facts) {
    return facts.fields().has("hidden_activation") ? "hidden_activation" : "hidden_act";
  }

  static RuntimeException refused(Facts facts, String field, String expected) {
    return facts.fields().invalid(field, expected + " in a GGUF file of this family", REMEDY);
  }

  static List<String> sorted(Set<String> names) {
    return names.stream().sorted().toList();
  }

  /** Returns which layers have a sliding window, by {@code layer_types} or else by a period. */
  static boolean[] sliding(Facts facts, int period) {
    return sliding(facts.fields(), facts.decoder().layers(), period);
  }

  static boolean[] sliding(ConfigReader fields, int layers, int period) {
    List<String> types = fields.texts("layer_types");
    boolean[] slides = new boolean[layers];
    IntStream.range(0, slides.length)
        .forEach(
            layer ->
                slides[layer] =
                    types.isEmpty()
                        ? (layer + 1) % period != 0
                        : types.get(layer).equals("sliding_attention"));
    return slides;
  }

  /**
   * Returns the key for the pattern of sliding windows, written if it is not llama.cpp's default.
   */
  static Field windowPattern(int period, ToIntFunction<Facts> ofModel) {
    return pattern(period, ofModel, false);
  }

  /** Returns the key for the pattern of sliding windows, which official files always have. */
  static Field statedPattern(int period) {
    return pattern(period, facts -> period, true);
  }

  private static Field pattern(int period, ToIntFunction<Facts> ofModel, boolean always) {
    String key = "attention.sliding_window_pattern";
    return new Field(
        (facts, prefix, target) -> {
          boolean[] slides = sliding(facts, ofModel.applyAsInt(facts));
          if (always || !Arrays.equals(slides, byPeriod(slides.length, period))) {
            target.bools(prefix + key, slides);
          }
        },
        (source, prefix, config) -> {
          int layers = (int) source.integer(prefix + "block_count").orElse(0);
          int stated = (int) source.integer(prefix + key).orElse(period);
          boolean[] slides = source.bools(prefix + key).orElse(byPeriod(layers, stated));
          ArrayNode types = config.putArray("layer_types");
          for (boolean slide : slides) {
            types.add(slide ? "sliding_attention" : "full_attention");
          }
        });
  }

  private static boolean[] byPeriod(int layers, int period) {
    boolean[] slides = new boolean[layers];
    for (int i = 0; i < layers; i++) {
      slides[i] = (i + 1) % period != 0;
    }
    return slides;
  }
}
