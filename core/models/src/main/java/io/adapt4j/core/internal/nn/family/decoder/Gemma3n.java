package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
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
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import io.adapt4j.core.internal.nn.family.common.UnreadFeatures;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.layer.AltUp;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.layer.StreamLayer;
import io.adapt4j.core.internal.nn.layer.Streams;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.SparseGatedMlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.nn.norm.UnitRmsNorm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Gemma 3n, text model only (Google 2025): several residual streams, per-layer inputs from a second
 * embedding table, keys and values that the last layers share, and sparse gates.
 */
public final class Gemma3n extends BuiltInFamily {

  private static final String WHOLE = "gemma3n";

  /** Layers that share another's keys and values are stored with unused ones. */
  private static final String SHARED = "layers\\.(%s)\\.self_attn\\.([kv]_proj|k_norm)\\..*";

  public Gemma3n() {
    super(
        Set.of("gemma3n_text", WHOLE),
        new DecoderConfig.Defaults(32_768, 1e-6, "gelu_pytorch_tanh", true, 1_000_000, 256),
        "sliding_window",
        "layer_types",
        "final_logit_softcapping",
        "rope_local_base_freq",
        "num_kv_shared_layers");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig text) {
    return DecoderConfig.from(
        GemmaFields.withWidth(text, widths(text)), defaults(), Optional.of(LayerTypes.FULL));
  }

  @Override
  public Network declare(ModelConfig model) {
    boolean whole = model.modelType().equals(WHOLE);
    ModelConfig text = whole ? model.text() : model;
    UnreadFeatures.refuse(text, features());
    String root = whole ? "model.language_model." : "model.";
    return new Declaration(text, dimensions(text), root, EncoderTask.isBaseModel(model) ? "" : root)
        .decoder(model);
  }

  private static int[] widths(ModelConfig text) {
    return GemmaFields.perLayer(text, text.fields().requirePositiveInt("num_hidden_layers"));
  }

  private static final class Declaration {

    private final ModelConfig model;
    private final ConfigReader fields;
    private final String root;
    private final String prefix;
    private final DecoderConfig config;
    private final int[] inner;
    private final List<Double> sparsity;
    private final List<Boolean> slides;
    private final int[] sources;
    private final int window;
    private final Heads heads;
    private final int inputWidth;
    private final int streams;
    private final int active;
    private final Activation activation;
    private final List<KeyValues> keyValues = new ArrayList<>();

    Declaration(ModelConfig stated, DecoderConfig config, String root, String prefix) {
      this.root = root;
      this.prefix = prefix;
      int count = config.layers();
      this.inner = widths(stated);
      this.model = GemmaFields.withWidth(stated, inner);
      this.fields = model.fields();
      this.config = config;
      this.sparsity = GemmaFields.sparsity(fields, count);
      this.slides = LayerTypes.sliding(model, count, layer -> (layer + 1) % 5 != 0);
      this.window = SlidingWindow.size(model, 512);
      int shared = GemmaFields.sharedLayers(model, 15, count);
      this.sources = GemmaFields.sources(model, slides, shared);
      this.heads = Heads.grouped(config.heads(), config.kvHeads(), config.headDim());
      this.inputWidth = fields.positiveInt("hidden_size_per_layer_input", 256);
      this.streams = fields.positiveInt("altup_num_inputs", 4);
      this.active = fields.optionalInt("altup_active_idx").orElse(0);
      if (active < 0 || active >= streams) {
        throw fields.invalid(
            "altup_active_idx", "a number from 0 to " + (streams - 1), "Correct it.");
      }
      this.activation = Activations.named(model, "hidden_activation", config.hiddenActivation());
    }

    Decoder decoder(ModelConfig whole) {
      int hidden = config.hiddenSize();
      Parameter tokens = Parameter.of(prefix + "embed_tokens.weight", config.vocabSize(), hidden);
      List<Layer> layers = new ArrayList<>();
      for (int i = 0; i < config.layers(); i++) {
        layers.add(layer(prefix + "layers." + i, i));
      }
      Transformer body =
          new Transformer(
                  Embeddings.of(tokens, new Embeddings.Scale(Math.sqrt(hidden), true)),
                  List.copyOf(layers),
                  norm(prefix + "norm"),
                  List.of(RotaryFrequencies.of(config), Gemma3.local(model, config)))
              .with(
                  Optional.of(
                      GemmaFields.inputs(
                          model, prefix, config.layers(), hidden, inputWidth, config.rmsNormEps())),
                  Optional.of(
                      new Streams(
                          between("altup_projections"), between("altup_unembed_projections"))));
      String headName = "lm_head.weight";
      Parameter head =
          config.tieWordEmbeddings() ? tokens : Parameter.of(headName, config.vocabSize(), hidden);
      String unread = GemmaFields.OTHERS + "|(.*\\.)?" + shared();
      return new Decoder(
          whole,
          new Dimensions(hidden, config.layers(), config.vocabSize(), config.contextLength()),
          StoredNames.of(root, List.of(unread)).keeping(GemmaFields.OTHERS + "|" + shared()),
          body,
          headName,
          new VocabularyHead(head, null, 1, Gemma2.softCap(model, "final_logit_softcapping", 30)));
    }

    private String shared() {
      List<String> numbers =
          IntStream.range(0, sources.length)
              .filter(layer -> sources[layer] != layer)
              .mapToObj(Integer::toString)
              .toList();
      return SHARED.formatted(numbers.isEmpty() ? "none" : String.join("|", numbers));
    }

    private List<LinearSlot> between(String name) {
      int hidden = config.hiddenSize();
      return IntStream.range(0, streams - 1)
          .mapToObj(i -> LinearSlot.of(prefix + name + "." + i, hidden, false, hidden))
          .toList();
    }

    private Norm norm(String path) {
      return RmsNorm.declare(path, config.hiddenSize(), 0, config.rmsNormEps());
    }

    private Layer layer(String path, int index) {
      int hidden = config.hiddenSize();
      AltUp altUp = altUp(path + ".altup");
      Norm before = norm(path + ".input_layernorm");
      SequentialLayer layer =
          new SequentialLayer(
              before,
              attention(path + ".self_attn", index, altUp, before),
              norm(path + ".post_attention_layernorm"),
              norm(path + ".pre_feedforward_layernorm"),
              mlp(path + ".mlp", index),
              norm(path + ".post_feedforward_layernorm"),
              1);
      int rank = fields.positiveInt("laurel_rank", 64);
      return new StreamLayer(
          altUp,
          layer,
          LinearSlot.of(path + ".laurel.linear_left", hidden, false, rank),
          LinearSlot.of(path + ".laurel.linear_right", rank, false, hidden),
          norm(path + ".laurel.post_laurel_norm"),
          GemmaFields.gate(
              path,
              index,
              hidden,
              inputWidth,
              activation,
              norm(path + ".post_per_layer_input_norm")));
    }

    private AltUp altUp(String path) {
      int hidden = config.hiddenSize();
      Parameter scale = Parameter.of(path + ".correct_output_scale", hidden);
      return new AltUp(
          norm(path + ".router_norm"),
          LinearSlot.of(path + ".modality_router", hidden, false, streams),
          LinearSlot.of(path + ".prediction_coefs", streams, false, (long) streams * streams),
          LinearSlot.of(path + ".correction_coefs", streams, false, streams),
          scale,
          fields.bool("altup_correct_scale", true),
          streams,
          active);
    }

    private Mlp mlp(String path, int index) {
      long hidden = config.hiddenSize();
      GatedMlp mlp =
          new GatedMlp(
              LinearSlot.of(
                  path, hidden, false, List.of("gate_proj", "up_proj"), inner[index], inner[index]),
              LinearSlot.of(path + ".down_proj", inner[index], false, hidden),
              activation);
      double share = sparsity.get(index);
      return share == 0 ? mlp : new SparseGatedMlp(mlp, share);
    }

    private SharingAttention attention(String path, int index, AltUp altUp, Norm before) {
      long hidden = config.hiddenSize();
      boolean bias = config.attentionBias();
      boolean slide = slides.get(index);
      boolean owns = sources[index] == index;
      keyValues.add(owns ? keyValues(path, index, altUp, before) : keyValues.get(sources[index]));
      return new SharingAttention(
          LinearSlot.of(path + ".q_proj", hidden, bias, heads.queryWidth()),
          keyValues.get(index),
          owns,
          LinearSlot.of(path + ".o_proj", heads.queryWidth(), bias, hidden),
          RmsNorm.declare(path + ".q_norm", heads.dim(), 0, config.rmsNormEps()),
          slide ? 1 : 0,
          new AttentionRule(1, 0, true, slide ? window : 0));
    }

    private KeyValues keyValues(String path, int index, AltUp altUp, Norm before) {
      long width = heads.keyValueWidth();
      return new KeyValues(
          index,
          (ops, x) -> before.forward(ops, altUp.active(ops, altUp.predicted(ops, x))),
          LinearSlot.of(
              path,
              config.hiddenSize(),
              config.attentionBias(),
              List.of("k_proj", "v_proj"),
              width,
              width),
          false,
          heads,
          RmsNorm.declare(path + ".k_norm", heads.dim(), 0, config.rmsNormEps()),
          new UnitRmsNorm(config.rmsNormEps()));
    }
  }
}
