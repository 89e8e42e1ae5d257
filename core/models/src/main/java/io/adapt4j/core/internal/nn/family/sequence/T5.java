package io.adapt4j.core.internal.nn.family.sequence;

import com.fasterxml.jackson.databind.node.BooleanNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.attention.CrossAttention;
import io.adapt4j.core.internal.nn.attention.DistanceScores;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.embedding.EmbeddingSlot;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.head.EncoderHead;
import io.adapt4j.core.internal.nn.layer.DistanceLayer;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.nn.sequence.RelativePositions;
import io.adapt4j.core.internal.nn.sequence.Side;
import io.adapt4j.core.internal.nn.sequence.SideAttention;
import io.adapt4j.core.internal.nn.sequence.SideLayer;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.op.RelativeOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * T5 (Raffel et al. 2020), T5 1.1, FLAN-T5, mT5 and umT5: relative position bias instead of
 * positions, unscaled attention scores, and RMS norms.
 */
public final class T5 extends BuiltInFamily {

  /** Model type with a separate relative position bias in every layer. */
  private static final String EACH = "umt5";

  private static final List<String> PROJECTIONS = List.of("q", "k", "v");

  public T5() {
    super(Set.of("t5", "mt5", EACH), DecoderConfig.Defaults.LLAMA);
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    double rate = DropoutFields.rate(model.fields(), "dropout_rate", 0.1);
    return DropoutRates.ofAttention(rate)
        .withEmbedding(rate)
        .withOutputs(rate, rate)
        .withInner(rate);
  }

  /** Keeps the scale, which a single field stated together with tying. */
  @Override
  public ModelConfig withOwnHead(ModelConfig config) {
    return super.withOwnHead(config)
        .with(T5Output.SCALED, BooleanNode.valueOf(T5Output.isScaled(config)));
  }

  @Override
  public Network declare(ModelConfig model) {
    boolean reads =
        model.architectures().size() == 1 && model.architectures().get(0).endsWith("EncoderModel");
    if (reads) {
      return new Declaration(model).encoder();
    }
    SequenceFields.requireGeneration(model, "ForConditionalGeneration");
    return new Declaration(model).network();
  }

  private static final class Declaration {

    private final ModelConfig model;
    private final ConfigReader fields;
    private final int hidden;
    private final int inner;
    private final Heads heads;
    private final double eps;

    /** Whether the defaults are those of mT5. */
    private final boolean many;

    private final boolean each;

    Declaration(ModelConfig model) {
      this.model = model;
      this.fields = model.fields();
      this.each = model.modelType().equals(EACH);
      this.many = each || model.modelType().equals("mt5");
      this.hidden = fields.positiveInt("d_model", 512);
      this.inner = fields.positiveInt("d_ff", many ? 1024 : 2048);
      int count = fields.positiveInt("num_heads", many ? 6 : 8);
      this.heads = Heads.grouped(count, count, fields.positiveInt("d_kv", 64));
      this.eps = fields.positiveNumber("layer_norm_epsilon", 1e-6);
    }

    EncoderDecoder network() {
      int vocabulary = fields.requirePositiveInt("vocab_size");
      int layers = fields.positiveInt("num_layers", many ? 8 : 6);
      int written = fields.positiveInt("num_decoder_layers", layers);
      Parameter tokens = Parameter.of("shared.weight", vocabulary, hidden);
      Embeddings embeddings = Embeddings.of(tokens, Embeddings.Scale.NONE);
      boolean tied = T5Output.isTied(model);
      Parameter output = tied ? tokens : Parameter.of("lm_head.weight", vocabulary, hidden);
      double scale = T5Output.isScaled(model) ? Math.pow(hidden, -0.5) : 1;
      String unread =
          "(encoder|decoder)\\.embed_tokens\\.weight"
              + "|decoder\\.block\\.0\\.layer\\.1\\.EncDecAttention"
              + "\\.relative_attention_bias\\.weight"
              + (tied ? "|lm_head\\.weight" : "");
      return new EncoderDecoder(
          model,
          new Dimensions(hidden, layers + written, vocabulary, Integer.MAX_VALUE),
          StoredNames.of("", List.of(unread)),
          embeddings,
          List.of(),
          side("encoder", embeddings.slot(), layers, false),
          side("decoder", embeddings.slot(), written, true),
          new VocabularyHead(output, null, scale, 0),
          SequenceFields.specialTokens(model, 0));
    }

    /** Declares the encoder alone. */
    Encoder encoder() {
      int vocabulary = fields.requirePositiveInt("vocab_size");
      int count = fields.positiveInt("num_layers", many ? 8 : 6);
      int furthest = fields.positiveInt("relative_attention_max_distance", 128);
      Parameter shared = distances("encoder.block.0.layer.0.SelfAttention");
      List<Layer> layers = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String path = "encoder.block." + i + ".layer.";
        SideLayer own = layer(path, false);
        Parameter table = own.attention().distances();
        Parameter used = table == null ? shared : table;
        layers.add(
            new DistanceLayer(
                new Attention(
                    own.attention().qkv(),
                    own.attention().output(),
                    heads,
                    null,
                    Attention.NO_ROTARY,
                    own.attention().rule()),
                new DistanceScores.Bias(
                    used, new RelativeOps.Buckets(Math.toIntExact(used.sizes()[0]), furthest)),
                own.attentionNorm(),
                own.mlp(),
                own.mlpNorm(),
                true));
      }
      Parameter tokens = Parameter.of("shared.weight", vocabulary, hidden);
      return new Encoder(
          model,
          new Dimensions(hidden, count, vocabulary, Integer.MAX_VALUE),
          StoredNames.of("", List.of("encoder\\.embed_tokens\\.weight|decoder\\..*|lm_head\\..*")),
          new Transformer(
              Embeddings.of(tokens, Embeddings.Scale.NONE),
              List.copyOf(layers),
              RmsNorm.declare("encoder.final_layer_norm", hidden, 0, eps),
              List.of()),
          new EncoderHead.None(),
          OptionalInt.empty());
    }

    private Side side(String path, EmbeddingSlot tokens, int count, boolean writes) {
      List<SideLayer> layers = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        layers.add(layer(path + ".block." + i + ".layer.", writes));
      }
      Parameter first = layers.get(0).attention().distances();
      return new Side(
          tokens,
          null,
          new RelativePositions(
              first == null ? distances(path + ".block.0.layer.0.SelfAttention") : first,
              fields.positiveInt("relative_attention_max_distance", 128),
              !writes),
          Norm.NONE,
          List.copyOf(layers),
          RmsNorm.declare(path + ".final_layer_norm", hidden, 0, eps),
          true);
    }

    private Parameter distances(String path) {
      return Parameter.of(
          path + ".relative_attention_bias.weight",
          fields.positiveInt("relative_attention_num_buckets", 32),
          heads.query());
    }

    private SideLayer layer(String path, boolean writes) {
      long width = heads.queryWidth();
      String own = path + "0.SelfAttention";
      AttentionRule rule = new AttentionRule(1, 0, writes, 0);
      SideAttention attention =
          new SideAttention(
              LinearSlot.of(own, hidden, false, PROJECTIONS, width, width, width),
              LinearSlot.of(own + ".o", width, false, hidden),
              heads,
              rule,
              each ? distances(own) : null);
      int mlp = writes ? 2 : 1;
      return new SideLayer(
          attention,
          norm(path + 0),
          writes ? cross(path + "1.EncDecAttention") : null,
          writes ? norm(path + 1) : Norm.NONE,
          mlp(path + mlp + ".DenseReluDense"),
          norm(path + mlp),
          true);
    }

    private CrossAttention cross(String path) {
      long width = heads.queryWidth();
      return new CrossAttention(
          LinearSlot.of(path + ".q", hidden, false, width),
          LinearSlot.of(path, hidden, false, List.of("k", "v"), width, width),
          LinearSlot.of(path + ".o", width, false, hidden),
          heads,
          new AttentionRule(1, 0, false, 0));
    }

    private Norm norm(String path) {
      return RmsNorm.declare(path + ".layer_norm", hidden, 0, eps);
    }

    private Mlp mlp(String path) {
      String named = fields.optionalText("feed_forward_proj").orElse(many ? "gated-gelu" : "relu");
      boolean says = named.startsWith("gated-");
      // As in the reference: only gated-gelu is the tanh approximation, and a stated field
      // overrides
      // the class's default.
      String derived =
          named.equals("gated-gelu")
              ? "gelu_new"
              : says ? named.substring("gated-".length()) : named;
      boolean gated = fields.bool("is_gated_act", says);
      Activation activation =
          fields.has("dense_act_fn")
              ? Activations.read(model, "dense_act_fn", derived)
              : Activations.named(model, "feed_forward_proj", derived);
      LinearSlot down = LinearSlot.of(path + ".wo", inner, false, hidden);
      return gated
          ? new GatedMlp(
              LinearSlot.of(path, hidden, false, List.of("wi_0", "wi_1"), inner, inner),
              down,
              activation)
          : new PlainMlp(LinearSlot.of(path + ".wi", hidden, false, inner), down, activation);
    }
  }
}
