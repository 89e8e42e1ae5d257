package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.KeyValues;
import io.adapt4j.core.internal.nn.attention.SharingAttention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.embedding.LayerInputs;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import io.adapt4j.core.internal.nn.family.common.UnreadFeatures;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.layer.InputGate;
import io.adapt4j.core.internal.nn.layer.InputLayer;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.mlp.JoinedMlp;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.nn.norm.UnitRmsNorm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gemma 4, text model only (Google 2026): wider heads in global layers, whose keys may also be
 * their values, keys and values that the last layers share, per-layer inputs from a second
 * embedding table, and in the largest model a mixture of experts parallel to the MLP of each layer.
 */
public final class Gemma4 extends BuiltInFamily {

  private static final String WHOLE = "gemma4";

  public Gemma4() {
    super(
        Set.of("gemma4_text", WHOLE),
        GemmaHeads.DEFAULTS,
        "sliding_window",
        "layer_types",
        "final_logit_softcapping",
        "num_kv_shared_layers",
        "enable_moe_block",
        "num_experts",
        "per_layer_config",
        "moe_intermediate_size",
        "use_bidirectional_attention");
  }

  /** Reads the dimensions of layers with a sliding window. */
  @Override
  public DecoderConfig dimensions(ModelConfig text) {
    return GemmaHeads.read(text, Declaration.slides(text)).localConfig(text);
  }

  @Override
  public Network declare(ModelConfig model) {
    boolean whole = model.modelType().equals(WHOLE);
    ModelConfig text = whole ? model.text() : model;
    UnreadFeatures.refuse(text, features());
    requirePast(text.fields());
    String root = whole ? "model.language_model." : "model.";
    return new Declaration(text, root, EncoderTask.isBaseModel(model) ? "" : root).decoder(model);
  }

  /** Rejects bidirectional attention, except between images, which does not affect texts. */
  private static void requirePast(ConfigReader fields) {
    String field = "use_bidirectional_attention";
    if (fields.has(field) && !fields.requireText(field).equals("vision")) {
      throw fields.invalid(
          field, "vision, or no such field", "Texts that are read both ways are not supported.");
    }
  }

  private static final class Declaration {

    private final ModelConfig model;
    private final ConfigReader fields;
    private final String root;
    private final String prefix;
    private final DecoderConfig config;
    private final List<Boolean> slides;
    private final int[] sources;
    private final int window;
    private final Heads local;
    private final Heads global;
    private final int inputWidth;
    private final Activation activation;
    private final @Nullable Experts experts;
    private final List<KeyValues> keyValues = new ArrayList<>();

    Declaration(ModelConfig model, String root, String prefix) {
      this.model = model;
      this.fields = model.fields();
      this.root = root;
      this.prefix = prefix;
      this.slides = slides(model);
      GemmaHeads heads = GemmaHeads.read(model, slides);
      this.config = heads.localConfig(model);
      this.window = SlidingWindow.size(model, 512);
      int shared = GemmaFields.sharedLayers(model, 0, config.layers());
      this.sources = GemmaFields.sources(model, slides, shared);
      this.local = Heads.grouped(config.heads(), config.kvHeads(), config.headDim());
      this.global = heads.global(model);
      this.inputWidth = inputWidth();
      this.activation = Activations.named(model, "hidden_activation", config.hiddenActivation());
      this.experts = fields.bool("enable_moe_block", false) ? experts() : null;
    }

    private Experts experts() {
      ExpertOps.Rule rule =
          ExpertOps.Rule.softmax(Experts.chosen(model, "top_k_experts", "num_experts"), true);
      return Experts.read(model, "moe_intermediate_size", "num_experts", rule, 0)
          .activation(activation);
    }

    private static List<Boolean> slides(ModelConfig model) {
      int layers = model.fields().requirePositiveInt("num_hidden_layers");
      List<Boolean> listed =
          new ArrayList<>(LayerTypes.sliding(model, layers, layer -> (layer + 1) % 6 != 0));
      listed.set(listed.size() - 1, false);
      return listed;
    }

    private boolean areOne() {
      return fields.bool("attention_k_eq_v", false);
    }

    private int inputWidth() {
      int width = fields.optionalInt("hidden_size_per_layer_input").orElse(256);
      if (width < 0) {
        throw fields.invalid("hidden_size_per_layer_input", "at least 0", "Correct the value.");
      }
      return width;
    }

    Decoder decoder(ModelConfig whole) {
      int hidden = config.hiddenSize();
      Parameter tokens = Parameter.of(prefix + "embed_tokens.weight", config.vocabSize(), hidden);
      List<Layer> layers = new ArrayList<>();
      for (int i = 0; i < config.layers(); i++) {
        layers.add(layer(prefix + "layers." + i, i));
      }
      Optional<LayerInputs> inputs =
          inputWidth == 0
              ? Optional.empty()
              : Optional.of(
                  GemmaFields.inputs(
                      model, prefix, config.layers(), hidden, inputWidth, config.rmsNormEps()));
      Transformer body =
          new Transformer(
                  Embeddings.of(tokens, new Embeddings.Scale(Math.sqrt(hidden), true)),
                  List.copyOf(layers),
                  norm(prefix + "norm"),
                  List.of(rotary(), RotaryFrequencies.of(config)))
              .with(inputs, Optional.empty());
      String headName = "lm_head.weight";
      Parameter head =
          config.tieWordEmbeddings() ? tokens : Parameter.of(headName, config.vocabSize(), hidden);
      return new Decoder(
          whole,
          new Dimensions(hidden, config.layers(), config.vocabSize(), config.contextLength()),
          StoredNames.of(root, unread()).keeping(GemmaFields.OTHERS),
          body,
          headName,
          new VocabularyHead(head, null, 1, Gemma2.softCap(model, "final_logit_softcapping", 0)));
    }

    /**
     * Returns the tensors of other modalities, and stored keys and values of layers that have none.
     */
    private List<String> unread() {
      List<String> unread = new ArrayList<>(List.of(GemmaFields.OTHERS));
      for (int i = 0; i < sources.length; i++) {
        if (sources[i] != i) {
          unread.add(".*layers\\." + i + "\\.self_attn\\.[kv]_(proj|norm)\\..*");
        }
      }
      return unread;
    }

    private RotaryFrequencies rotary() {
      Optional<ConfigReader> own =
          fields.child("rope_parameters").flatMap(all -> all.child(LayerTypes.FULL));
      double share = own.map(rope -> rope.positiveNumber("partial_rotary_factor", 1)).orElse(0.25);
      double factor = own.map(rope -> rope.positiveNumber("factor", 1)).orElse(1.0);
      own.ifPresent(Declaration::requireProportional);
      return RotaryFrequencies.of(
          own.map(rope -> rope.positiveNumber("rope_theta", 1_000_000)).orElse(1e6),
          global.dim(),
          config.maxPositionEmbeddings(),
          new RopeScaling.Proportional(share, factor));
    }

    private static void requireProportional(ConfigReader rope) {
      if (!rope.optionalText("rope_type").orElse("proportional").equals("proportional")) {
        throw rope.invalid("rope_type", "proportional", "No other scaling is known here.");
      }
      if (rope.positiveNumber("partial_rotary_factor", 1) > 1) {
        throw rope.invalid("partial_rotary_factor", "a number in (0, 1]", "Correct the value.");
      }
    }

    private Norm norm(String path) {
      return RmsNorm.declare(path, config.hiddenSize(), 0, config.rmsNormEps());
    }

    private Layer layer(String path, int index) {
      Norm before = norm(path + ".input_layernorm");
      Norm beforeMlp = norm(path + ".pre_feedforward_layernorm");
      GatedMlp dense = mlp(path + ".mlp", index);
      SequentialLayer layer =
          new SequentialLayer(
              before,
              attention(path + ".self_attn", index, before),
              norm(path + ".post_attention_layernorm"),
              experts == null ? beforeMlp : Norm.NONE,
              experts == null ? dense : joined(path, experts, dense, beforeMlp),
              norm(path + ".post_feedforward_layernorm"),
              1);
      Optional<InputGate> gate =
          inputWidth == 0
              ? Optional.empty()
              : Optional.of(
                  GemmaFields.gate(
                      path,
                      index,
                      config.hiddenSize(),
                      inputWidth,
                      activation,
                      norm(path + ".post_per_layer_input_norm")));
      return new InputLayer(layer, gate, Parameter.fixed(path + ".layer_scalar", 1));
    }

    private JoinedMlp joined(String path, Experts mixture, Mlp dense, Norm beforeDense) {
      String after = path + ".post_feedforward_layernorm_";
      String router = path + ".router";
      return new JoinedMlp(
          dense,
          new JoinedMlp.Norms(beforeDense, norm(after + "1")),
          mixture.declare(
              path,
              router + ".proj",
              false,
              expert -> mixture.stacked(path + ".experts", expert),
              null),
          new JoinedMlp.Norms(norm(path + ".pre_feedforward_layernorm_2"), norm(after + "2")),
          new RmsNorm(Parameter.of(router + ".scale", config.hiddenSize()), 0, config.rmsNormEps()),
          Parameter.of(router + ".per_expert_scale", mixture.count()));
    }

    private GatedMlp mlp(String path, int index) {
      boolean wide = fields.bool("use_double_wide_mlp", false) && sources[index] != index;
      long inner = (wide ? 2L : 1L) * config.intermediateSize();
      long hidden = config.hiddenSize();
      return new GatedMlp(
          LinearSlot.of(path, hidden, false, List.of("gate_proj", "up_proj"), inner, inner),
          LinearSlot.of(path + ".down_proj", inner, false, hidden),
          activation);
    }

    private SharingAttention attention(String path, int index, Norm before) {
      boolean slide = slides.get(index);
      Heads heads = slide ? local : global;
      long hidden = config.hiddenSize();
      boolean bias = config.attentionBias();
      boolean owns = sources[index] == index;
      keyValues.add(owns ? keyValues(path, index, heads, before) : keyValues.get(sources[index]));
      return new SharingAttention(
          LinearSlot.of(path + ".q_proj", hidden, bias, heads.queryWidth()),
          keyValues.get(index),
          owns,
          LinearSlot.of(path + ".o_proj", heads.queryWidth(), bias, hidden),
          RmsNorm.declare(path + ".q_norm", heads.dim(), 0, config.rmsNormEps()),
          slide ? 1 : 0,
          new AttentionRule(1, 0, true, slide ? window : 0));
    }

    private KeyValues keyValues(String path, int index, Heads heads, Norm before) {
      boolean one = areOne() && !slides.get(index);
      long width = heads.keyValueWidth();
      long hidden = config.hiddenSize();
      boolean bias = config.attentionBias();
      LinearSlot projection =
          one
              ? LinearSlot.of(path + ".k_proj", hidden, bias, width)
              : LinearSlot.of(path, hidden, bias, List.of("k_proj", "v_proj"), width, width);
      return new KeyValues(
          index,
          before::forward,
          projection,
          one,
          heads,
          RmsNorm.declare(path + ".k_norm", heads.dim(), 0, config.rmsNormEps()),
          new UnitRmsNorm(config.rmsNormEps()));
    }
  }
}
