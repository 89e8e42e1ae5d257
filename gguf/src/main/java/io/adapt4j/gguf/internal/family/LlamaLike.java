package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.RopeFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Declaration of a Llama-like family, which states its differences only: rotary positions, RMS
 * norms before attention and MLP, gated MLPs. Keys are in the order of the official converter's
 * base class; rotary scalings, biases, partly rotated heads and sliding windows are rejected unless
 * declared.
 */
final class LlamaLike extends FamilyDeclaration<LlamaLike> {

  private Function<ModelConfig, String> textType = model -> modelType;
  private UnaryOperator<Facts> adjust = UnaryOperator.identity();
  private boolean rotatesPart;
  private boolean pairs;
  private boolean halves;
  private String finalNorm = "norm";
  private Layout normLayout = Layout.SAME;
  private List<String> attention =
      List.of(
          "self_attn.q_proj = attn_q",
          "self_attn.k_proj = attn_k",
          "self_attn.v_proj = attn_v",
          "self_attn.o_proj = attn_output");
  private List<TensorName> feedForward =
      TensorName.layers(
          "mlp.gate_proj = ffn_gate", "mlp.up_proj = ffn_up", "mlp.down_proj = ffn_down");
  private List<String> norms =
      List.of("input_layernorm = attn_norm", "post_attention_layernorm = ffn_norm");
  private final List<Function<ModelConfig, List<TensorName>>> more = new ArrayList<>();
  private Field inner = DecoderKeys.INNER;
  private Field keyValueHeads = DecoderKeys.KEY_VALUE_HEADS;
  private Field ropeScaling = RopeFields.scaling();
  private Optional<Field> localTheta = Optional.empty();
  private Field normEps = DecoderKeys.RMS_EPS;
  private Predicate<Facts> statesHeadDim =
      facts ->
          facts.fields().has("head_dim")
              || facts.decoder().headDim() * facts.decoder().heads()
                  != facts.decoder().hiddenSize();
  private Set<Class<? extends RopeScaling>> scalings = Checks.SCALINGS;
  private boolean truncates = true;
  private boolean readsBounds;
  private Set<String> activations = Set.of("silu", "swish");
  private Consumer<Facts> biases = facts -> Checks.off(facts, "attention_bias", "mlp_bias");
  private Consumer<Facts> window = facts -> {};
  private boolean ownKeys;

  LlamaLike(String architecture, String modelType, String modelClass) {
    super(architecture, modelType, modelClass);
    check(this::requireLlamaLike);
  }

  /** Sets the {@code model_type} whose defaults a text model has. */
  LlamaLike textType(Function<ModelConfig, String> ofModel) {
    textType = ofModel;
    return this;
  }

  /** Changes the facts, or rejects them. */
  LlamaLike adjust(UnaryOperator<Facts> change) {
    adjust = change;
    return this;
  }

  /** Allows heads that are rotated in part. */
  LlamaLike rotatesPart() {
    rotatesPart = true;
    return this;
  }

  /** Interleaves the query and key rows of files in rotary pairs. */
  LlamaLike pairs() {
    return pairs(true);
  }

  LlamaLike pairs(boolean inFiles) {
    pairs = inFiles;
    return this;
  }

  /** Puts the query and key rows of files, in rotary pairs in checkpoints, into halves. */
  LlamaLike halves() {
    halves = true;
    return this;
  }

  LlamaLike finalNorm(String name) {
    finalNorm = name;
    return this;
  }

  LlamaLike normLayout(Layout layout) {
    normLayout = layout;
    return this;
  }

  LlamaLike attention(String... lines) {
    attention = List.of(lines);
    return this;
  }

  /** Sets the tensors of the MLP. */
  LlamaLike feedForward(String... lines) {
    return feedForward(TensorName.layers(lines));
  }

  LlamaLike feedForward(List<TensorName> rows) {
    feedForward = rows;
    return this;
  }

  LlamaLike norms(String... lines) {
    norms = List.of(lines);
    return this;
  }

  LlamaLike queryKeyNorms() {
    return queryKeyNorms("q_norm", "k_norm");
  }

  LlamaLike queryKeyNorms(String query, String key) {
    norms =
        Stream.concat(
                norms.stream(),
                Stream.of(
                    "self_attn." + query + " = attn_q_norm", "self_attn." + key + " = attn_k_norm"))
            .toList();
    return this;
  }

  LlamaLike more(List<TensorName> rows) {
    return more(model -> rows);
  }

  /** Adds tensors that depend on the model. */
  LlamaLike more(Function<ModelConfig, List<TensorName>> rows) {
    more.add(rows);
    return this;
  }

  /** Replaces the MLPs of some or all layers by mixtures of experts. */
  LlamaLike mixture(String count, String chosen) {
    return more(Experts.usual()).alsoBefore(Experts.counts(count, chosen));
  }

  /** Sets the key for the intermediate size. */
  LlamaLike inner(Field key) {
    inner = key;
    return this;
  }

  LlamaLike keyValueHeads(Field key) {
    keyValueHeads = key;
    return this;
  }

  /** Sets the keys of RoPE scaling. */
  LlamaLike ropeScaling(Field keys) {
    ropeScaling = keys;
    return this;
  }

  /** Adds the key for the rotary base of sliding-window layers. */
  LlamaLike localTheta(Field key) {
    localTheta = Optional.of(key);
    return this;
  }

  LlamaLike normEps(Field key) {
    normEps = key;
    return this;
  }

  /**
   * Sets whether the head size is written. By default it is, where it is stated or not the hidden
   * size over the number of heads.
   */
  LlamaLike statesHeadDim(boolean states) {
    statesHeadDim = facts -> states;
    return this;
  }

  /** Sets the keys before the file's type, instead of the usual ones. */
  LlamaLike ownKeys(Field... fields) {
    ownKeys = true;
    return alsoBefore(List.of(fields));
  }

  /** Sets the kinds of RoPE scaling that llama.cpp applies in this architecture. */
  LlamaLike scalings(Set<Class<? extends RopeScaling>> kinds) {
    scalings = kinds;
    return this;
  }

  /** Allows Llama 3's RoPE scaling, which is stored as a tensor of divisors. */
  LlamaLike llama3Scaling() {
    scalings(
        Set.of(
            RopeScaling.Default.class,
            RopeScaling.Linear.class,
            RopeScaling.Yarn.class,
            RopeScaling.Llama3.class));
    return extraTensors(facts -> RopeFields.llama3(facts.decoder()));
  }

  /** Allows bounds of YaRN's ramp that are not integers, though llama.cpp rounds them. */
  LlamaLike anyYarnRamp() {
    truncates = false;
    return this;
  }

  /** Allows any bounds of YaRN's ramp, which llama.cpp reads. */
  LlamaLike anyYarnBounds() {
    readsBounds = true;
    return this;
  }

  /** Sets the activations equivalent to the one llama.cpp hardcodes. */
  LlamaLike activations(Set<String> equivalent) {
    activations = equivalent;
    return this;
  }

  /** States biases in the configuration of a file by its tensors. */
  LlamaLike biasesByTensors() {
    return present("attention_bias", "blk.0.attn_q.bias")
        .fit(
            (tensors, config) -> {
              if (tensors.contains("blk.0.ffn_down.bias")) {
                config.put("mlp_bias", true);
              }
            });
  }

  /** Allows biases. */
  LlamaLike anyBiases() {
    return biases(facts -> {});
  }

  /** Sets the boolean fields for biases that must be off. */
  LlamaLike biasesOff(String... fields) {
    return biases(facts -> Checks.off(facts, fields));
  }

  LlamaLike biases(Consumer<Facts> check) {
    biases = check;
    return this;
  }

  /** Sets the size of sliding windows, which llama.cpp ignores: they must have no effect. */
  LlamaLike window(ToIntFunction<Facts> size) {
    return windows(facts -> SlidingWindows.requireNoEffect(facts, size.applyAsInt(facts)));
  }

  /** Sets the check of sliding windows. */
  LlamaLike windows(Consumer<Facts> check) {
    window = check;
    return this;
  }

  /** Requires that the head size is the hidden size over the number of heads. */
  LlamaLike usualHeadDim() {
    return check(Checks::usualHeadDim);
  }

  @Override
  void finish() {
    if (!ownKeys) {
      List<Field> usual = new ArrayList<>();
      usual.addAll(
          List.of(
              DecoderKeys.BLOCKS,
              DecoderKeys.CONTEXT,
              DecoderKeys.WIDTH,
              inner,
              DecoderKeys.HEADS,
              keyValueHeads,
              ropeScaling,
              DecoderKeys.THETA));
      localTheta.ifPresent(usual::add);
      usual.add(normEps);
      usual.add(DecoderKeys.KEY_LENGTH.when(statesHeadDim));
      usual.add(DecoderKeys.VALUE_LENGTH.when(statesHeadDim));
      before.addAll(0, usual);
    }
  }

  @Override
  Facts facts(ModelConfig stated) {
    ModelConfig model = whole.test(stated) && stated.hasText() ? stated.text() : stated;
    DecoderConfig dimensions = Architectures.dimensions(textType.apply(model), model);
    return adjust.apply(new Facts(model, dimensions, dimensions.maxPositionEmbeddings()));
  }

  @Override
  List<TensorName> tensorNames(ModelConfig model) {
    DecoderConfig dimensions = read.apply(model).decoder();
    List<TensorName> rows = new ArrayList<>();
    rows.add(TensorName.of("model.embed_tokens", "token_embd"));
    rows.add(TensorName.of("model." + finalNorm, "output_norm", normLayout));
    rows.add(TensorName.of("lm_head", "output"));
    for (TensorName row : TensorName.layers(attention.toArray(String[]::new))) {
      rows.add(pairs || halves ? turned(row, dimensions) : row);
    }
    rows.addAll(feedForward);
    rows.addAll(TensorName.layers(normLayout, norms.toArray(String[]::new)));
    more.forEach(ofModel -> rows.addAll(ofModel.apply(model)));
    return rows;
  }

  private TensorName turned(TensorName row, DecoderConfig decoder) {
    boolean query = row.gguf().endsWith("attn_q");
    if (!query && !row.gguf().endsWith("attn_k")) {
      return row;
    }
    int heads = query ? decoder.heads() : decoder.kvHeads();
    double share = (double) decoder.rotaryDim() / decoder.headDim();
    return TensorName.of(
        row.stored(),
        row.gguf(),
        halves ? Layout.rotaryHalves(heads, share) : Layout.rotaryPairs(heads, share));
  }

  private void requireLlamaLike(Facts facts) {
    DecoderConfig dimensions = facts.decoder();
    Checks.activation(
        facts,
        facts.fields().has("hidden_activation") ? "hidden_activation" : "hidden_act",
        dimensions.hiddenActivation(),
        activations);
    Checks.scalingKind(facts, scalings, truncates);
    if (!readsBounds) {
      Checks.yarnBounds(facts);
    }
    if (!rotatesPart) {
      Checks.wholeHeadsRotated(facts);
    }
    biases.accept(facts);
    window.accept(facts);
  }
}
