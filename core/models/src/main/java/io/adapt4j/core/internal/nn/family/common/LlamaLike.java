package io.adapt4j.core.internal.nn.family.common;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.attention.GatedAttention;
import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.ParallelLayer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.next.NextTokenLayer;
import io.adapt4j.core.internal.nn.next.NextTokenNames;
import io.adapt4j.core.internal.nn.norm.HeadsLayerNorm;
import io.adapt4j.core.internal.nn.norm.JoinedNorms;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.QueryKeyNorm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Builder of decoders with an architecture like Llama's (Touvron et al. 2023): rotary positions,
 * RMS norms, gated MLPs, attention and MLP in sequence, no learned positions. A family states only
 * its differences.
 */
public final class LlamaLike {

  /** Placement of a layer's norms. */
  public enum NormPlacement {
    /** Before each branch. */
    BEFORE,
    /** Before and after each branch. */
    BEFORE_AND_AFTER,
    /** After each branch. */
    AFTER,
    /** One norm before both branches, which read the same input. */
    SHARED_BEFORE
  }

  /** Names of a layer's norms. */
  public record NormNames(
      String beforeAttention, String afterAttention, String beforeMlp, String afterMlp) {

    /** Returns the names that most families with this placement use. */
    static NormNames of(NormPlacement placement) {
      return new NormNames(
          "input_layernorm",
          "post_attention_layernorm",
          placement == NormPlacement.BEFORE_AND_AFTER
              ? "pre_feedforward_layernorm"
              : "post_attention_layernorm",
          "post_feedforward_layernorm");
    }
  }

  /** Declares the MLP of a layer, given the layer's path and index. */
  @FunctionalInterface
  public interface MlpKind {
    public Mlp declare(String path, int layer);
  }

  /** Declares the mixer of a layer, given its path and index; null for attention. */
  @FunctionalInterface
  public interface MixerKind {
    public @Nullable Mixer declare(String path, int layer);
  }

  /** Declares a layer, given the path of all layers and its index. */
  @FunctionalInterface
  public interface LayerKind {
    public Layer declare(String path, int layer);
  }

  /** Declares a norm. */
  @FunctionalInterface
  public interface NormKind {
    public Norm declare(String path, long width);
  }

  /** Normalization of queries and keys. */
  public enum QueryKeyNorms {
    /** No normalization. */
    NONE,
    /** Each head separately. */
    PER_HEAD,
    /** All heads together. */
    FULL_WIDTH,
    /** Layer norms with weights for each head, in one tensor. */
    OWN_WEIGHTS,
    /** Layer norms with weights for each head, in a tensor each. */
    OWN_TENSORS
  }

  private final ModelConfig model;
  private final DecoderConfig config;
  private boolean qkvBias;
  private boolean outputBias;
  private boolean mlpBias;
  private boolean fusedQueryKeyValue;
  private boolean fusedGateUp;
  private @Nullable String plainUp;
  private String downName = "down_proj";
  private String outputName = "o_proj";
  private String root = "model";
  private String ignored = ".*\\.rotary_emb\\.inv_freq";
  private String kept = "";
  private String finalNorm = "norm";
  private boolean headBias;
  private boolean bothWays;
  private boolean rotatedInPairs;
  private double projectionLimit;
  private boolean sinks;
  private NormKind norms;
  private MlpKind mlps = (path, layer) -> mlp(path + ".mlp");
  private LayerKind layers = (path, layer) -> layer(path + layer, layer);
  private int contextLength;
  private MixerKind mixers = (path, layer) -> null;

  /** Name of the projection of attention's gate; empty if the query projection computes it. */
  private @Nullable String gateName;

  private NormPlacement placement = NormPlacement.BEFORE;
  private Optional<NormNames> normNames = Optional.empty();
  private QueryKeyNorms queryKeyNorms = QueryKeyNorms.NONE;
  private String queryNorm = "q_norm";
  private String keyNorm = "k_norm";
  private boolean normsAfterRotary;
  private Embeddings.Scale embeddingScale = Embeddings.Scale.NONE;
  private double attentionScale;
  private double attentionSoftCap;
  private double residualScale = 1;
  private double logitScale = 1;
  private double logitSoftCap;
  private IntToLongFunction window = layer -> 0;
  private List<RotaryFrequencies> rotary;
  private IntUnaryOperator rotaryOfLayer = layer -> 0;
  private Optional<RotaryFrequencies> queryRotary = Optional.empty();

  public LlamaLike(ModelConfig model, DecoderConfig config) {
    this.model = model;
    this.config = config;
    this.contextLength = config.contextLength();
    this.attentionScale = 1 / Math.sqrt(config.headDim());
    this.rotary = List.of(RotaryFrequencies.of(config));
    this.norms = (path, width) -> RmsNorm.declare(path, width, 0, config.rmsNormEps());
  }

  /** Sets biases of the query, key and value projections, and of the attention output. */
  public LlamaLike attentionBias(boolean queryKeyValue, boolean output) {
    qkvBias = queryKeyValue;
    outputBias = output;
    return this;
  }

  /** Sets biases of the MLP. */
  public LlamaLike mlpBias(boolean bias) {
    mlpBias = bias;
    return this;
  }

  /** Stores query, key and value in one matrix, and gate and up in another. */
  public LlamaLike fusedProjections() {
    fusedQueryKeyValue = true;
    return fusedGateUp();
  }

  /** Stores gate and up in one matrix. */
  public LlamaLike fusedGateUp() {
    fusedGateUp = true;
    return this;
  }

  /** Sets an MLP without a gate. */
  public LlamaLike plainMlp(String up, String down) {
    plainUp = up;
    downName = down;
    return this;
  }

  /** Sets another kind of MLP, such as mixtures of experts. */
  public LlamaLike mlps(MlpKind kind) {
    mlps = kind;
    return this;
  }

  /** Sets another kind of layers. */
  public LlamaLike layers(LayerKind kind) {
    layers = kind;
    return this;
  }

  /** Limits the length of texts. */
  public LlamaLike contextLength(int most) {
    contextLength = Math.min(contextLength, most);
    return this;
  }

  /** Sets other mixers than attention for layers where the kind returns one. */
  public LlamaLike mixers(MixerKind kind) {
    mixers = kind;
    return this;
  }

  /**
   * Sets a gate on attention's output with a projection of this name; if it is empty, the query
   * projection computes the gate together with each head.
   */
  public LlamaLike gatedAttention(String name) {
    gateName = name;
    return this;
  }

  public LlamaLike outputName(String name) {
    outputName = name;
    return this;
  }

  /** Sets the name of the norm after the last layer, below the root. */
  public LlamaLike finalNorm(String name) {
    finalNorm = name;
    return this;
  }

  /** Sets the path of embeddings and layers; default {@code model}. */
  public LlamaLike root(String path) {
    root = path;
    return this;
  }

  /** Sets the stored tensors that are not used, and those of them that are saved again. */
  public LlamaLike unused(String names, String written) {
    ignored += "|" + names;
    kept = kept.isEmpty() || written.isEmpty() ? kept + written : kept + "|" + written;
    return this;
  }

  /** Adds a bias to the output head. */
  public LlamaLike headBias() {
    headBias = true;
    return this;
  }

  /** Applies rotary positions to adjacent pairs. */
  public LlamaLike rotatedInPairs() {
    rotatedInPairs = true;
    return this;
  }

  /** Adds attention sinks: an additional score per head, of a key without a value. */
  public LlamaLike sinks() {
    sinks = true;
    return this;
  }

  /** Sets another kind of norm than RMS norm with plain weights. */
  public LlamaLike norms(NormKind kind) {
    norms = kind;
    return this;
  }

  /** Sets an offset added to the weight of every RMS norm. */
  public LlamaLike normOffset(double offset) {
    return norms((path, width) -> RmsNorm.declare(path, width, offset, config.rmsNormEps()));
  }

  /** Uses layer norms instead of RMS norms. */
  public LlamaLike layerNorms(boolean bias, double eps) {
    return norms((path, width) -> LayerNorm.declare(path, width, bias, eps));
  }

  /** Sets the clip limit for query, key and value projections; 0 for none. */
  public LlamaLike projectionLimit(double most) {
    projectionLimit = most;
    return this;
  }

  public LlamaLike norms(NormPlacement where) {
    placement = where;
    return this;
  }

  public LlamaLike normNames(NormNames names) {
    normNames = Optional.of(names);
    return this;
  }

  public LlamaLike queryKeyNorms(QueryKeyNorms kind) {
    queryKeyNorms = kind;
    return this;
  }

  public LlamaLike queryKeyNormNames(String query, String key) {
    queryNorm = query;
    keyNorm = key;
    return this;
  }

  /** Normalizes queries and keys after their rotation. */
  public LlamaLike queryKeyNormsAfterRotary() {
    normsAfterRotary = true;
    return this;
  }

  public LlamaLike embeddingScale(Embeddings.Scale scale) {
    embeddingScale = scale;
    return this;
  }

  /** Sets the scale of attention scores; default 1 / sqrt(head width). */
  public LlamaLike attentionScale(double scale) {
    attentionScale = scale;
    return this;
  }

  /** Sets the soft cap of attention scores; 0 for none. */
  public LlamaLike attentionSoftCap(double cap) {
    attentionSoftCap = cap;
    return this;
  }

  public LlamaLike residualScale(double scale) {
    residualScale = scale;
    return this;
  }

  public LlamaLike logitScale(double scale) {
    logitScale = scale;
    return this;
  }

  /** Sets the soft cap of logits; 0 for none. */
  public LlamaLike logitSoftCap(double cap) {
    logitSoftCap = cap;
    return this;
  }

  /** Sets the number of tokens each layer sees, including the current one; 0 for all. */
  public LlamaLike window(IntToLongFunction ofLayer) {
    window = ofLayer;
    return this;
  }

  /**
   * Makes attention bidirectional; a window is then the maximum distance seen. The model can only
   * read texts.
   */
  public LlamaLike bothWays() {
    bothWays = true;
    return this;
  }

  /** Sets the sets of rotary frequencies, and the set that each layer uses. */
  public LlamaLike rotary(List<RotaryFrequencies> sets, IntUnaryOperator ofLayer) {
    rotary = sets;
    rotaryOfLayer = ofLayer;
    return this;
  }

  /** Sets rotary frequencies of queries that differ from those of keys. */
  public LlamaLike queryRotary(RotaryFrequencies frequencies) {
    queryRotary = Optional.of(frequencies);
    return this;
  }

  public Decoder declare() {
    String prefix = EncoderTask.isBaseModel(model) ? "" : root + ".";
    Parameter embedding =
        Parameter.of(prefix + "embed_tokens.weight", config.vocabSize(), config.hiddenSize());
    List<Layer> declared = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      declared.add(layers.declare(prefix + "layers.", i));
    }
    Transformer body =
        new Transformer(
            Embeddings.of(embedding, embeddingScale),
            List.copyOf(declared),
            norms.declare(prefix + finalNorm, config.hiddenSize()),
            Stream.concat(rotary.stream(), queryRotary.stream()).toList());
    String headName = "lm_head.weight";
    Parameter head =
        config.tieWordEmbeddings()
            ? embedding
            : Parameter.of(headName, config.vocabSize(), config.hiddenSize());
    Parameter bias = headBias ? Parameter.of("lm_head.bias", config.vocabSize()) : null;
    return new Decoder(
        model,
        new Dimensions(config.hiddenSize(), config.layers(), config.vocabSize(), contextLength),
        StoredNames.of(root + ".", List.of(ignored)).keeping(kept),
        body,
        headName,
        new VocabularyHead(head, bias, logitScale, logitSoftCap));
  }

  /** Declares the layer that predicts the token after the next one (multi-token prediction). */
  public NextTokenLayer nextTokenLayer(
      NextTokenNames names, String path, int index, boolean repeatsNormed) {
    long hidden = config.hiddenSize();
    Norm inputs =
        new JoinedNorms(
            norms.declare(names.embeddingNorm(), hidden),
            norms.declare(names.hiddenNorm(), hidden));
    LinearSlot projection = LinearSlot.of(names.projection(), 2 * hidden, false, hidden);
    Parameter tokens = Parameter.of(names.embedding(), config.vocabSize(), hidden);
    Transformer body =
        new Transformer(
            new Embeddings(tokens, null, null, inputs, Embeddings.Scale.NONE)
                .projected(projection, Embeddings.Projection.Place.AFTER_NORM),
            List.of(layer(path, index)),
            norms.declare(names.finalNorm(), hidden),
            rotary);
    Decoder network =
        new Decoder(
            model,
            new Dimensions(config.hiddenSize(), 1, config.vocabSize(), contextLength),
            StoredNames.of(root + ".", List.of(".*")),
            body,
            names.head(),
            VocabularyHead.of(Parameter.of(names.head(), config.vocabSize(), hidden)));
    return new NextTokenLayer(network, repeatsNormed);
  }

  private Layer layer(String path, int index) {
    NormNames names = normNames.orElse(NormNames.of(placement));
    Mixer recurrent = mixers.declare(path, index);
    Mixer mixer = recurrent == null ? attention(path + ".self_attn", index) : recurrent;
    Mlp mlp = mlps.declare(path, index);
    if (placement == NormPlacement.SHARED_BEFORE) {
      Norm shared = norms.declare(path + "." + names.beforeAttention(), config.hiddenSize());
      return new ParallelLayer(shared, mixer, shared, mlp);
    }
    boolean before = placement != NormPlacement.AFTER;
    boolean after = placement != NormPlacement.BEFORE;
    return new SequentialLayer(
        norm(before, path + "." + names.beforeAttention()),
        mixer,
        norm(after, path + "." + names.afterAttention()),
        norm(before, path + "." + names.beforeMlp()),
        mlp,
        norm(after, path + "." + names.afterMlp()),
        residualScale);
  }

  private Norm norm(boolean present, String path) {
    return present ? norms.declare(path, config.hiddenSize()) : Norm.NONE;
  }

  /** Declares the attention of the configuration. */
  public Mixer attention(String path, int index) {
    Heads grouped = Heads.grouped(config.heads(), config.kvHeads(), config.headDim());
    Heads heads = rotatedInPairs ? grouped.rotatedInPairs() : grouped;
    long query = heads.queryWidth();
    boolean gateOfQuery = "".equals(gateName);
    long projected = gateOfQuery ? 2 * query : query;
    long kv = heads.keyValueWidth();
    long in = config.hiddenSize();
    LinearSlot qkv =
        fusedQueryKeyValue
            ? LinearSlot.of(path + ".qkv_proj", in, qkvBias, projected + 2 * kv)
            : LinearSlot.of(
                path, in, qkvBias, List.of("q_proj", "k_proj", "v_proj"), projected, kv, kv);
    Attention attention =
        new Attention(
                qkv,
                LinearSlot.of(path + "." + outputName, query, outputBias, in),
                heads,
                queryKeyNorm(path, heads),
                rotaryOfLayer.applyAsInt(index),
                new AttentionRule(
                    attentionScale, attentionSoftCap, !bothWays, window.applyAsLong(index)))
            .limitedTo(projectionLimit);
    Attention turned = queryRotary.isEmpty() ? attention : attention.withQueryRotary(rotary.size());
    Attention made =
        sinks ? turned.withSinks(Parameter.of(path + ".sinks", config.heads())) : turned;
    if (gateName == null) {
      return made;
    }
    LinearSlot gate = gateOfQuery ? null : LinearSlot.of(path + "." + gateName, in, false, query);
    return new GatedAttention(made, gate);
  }

  private QueryKeyNorm queryKeyNorm(String path, Heads heads) {
    boolean perHead = queryKeyNorms == QueryKeyNorms.PER_HEAD;
    return switch (queryKeyNorms) {
      case NONE -> null;
      case PER_HEAD, FULL_WIDTH ->
          new QueryKeyNorm(
              norms.declare(path + "." + queryNorm, perHead ? heads.dim() : heads.queryWidth()),
              norms.declare(path + "." + keyNorm, perHead ? heads.dim() : heads.keyValueWidth()),
              perHead,
              normsAfterRotary);
      case OWN_WEIGHTS, OWN_TENSORS -> {
        double epsilon = model.fields().positiveNumber("layer_norm_eps", 1e-5);
        boolean apart = queryKeyNorms == QueryKeyNorms.OWN_TENSORS;
        String query = path + "." + queryNorm;
        String key = path + "." + keyNorm;
        yield new QueryKeyNorm(
            HeadsLayerNorm.declare(query, heads.query(), heads.dim(), epsilon, apart),
            HeadsLayerNorm.declare(key, heads.keyValue(), heads.dim(), epsilon, apart),
            false,
            normsAfterRotary);
      }
    };
  }

  /** Declares the dense MLP of the configuration. */
  public Mlp mlp(String path) {
    Activation activation = Activations.named(model, "hidden_act", config.hiddenActivation());
    long width = config.intermediateSize();
    long in = config.hiddenSize();
    LinearSlot down = LinearSlot.of(path + "." + downName, width, mlpBias, in);
    if (plainUp != null) {
      return new PlainMlp(
          LinearSlot.of(path + "." + plainUp, in, mlpBias, width), down, activation);
    }
    LinearSlot gateUp =
        fusedGateUp
            ? LinearSlot.of(path + ".gate_up_proj", in, mlpBias, 2 * width)
            : LinearSlot.of(path, in, mlpBias, List.of("gate_proj", "up_proj"), width, width);
    return new GatedMlp(gateUp, down, activation);
  }
}
