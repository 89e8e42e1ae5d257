package io.adapt4j.core.internal.nn.family.encoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.head.ClassificationHead;
import io.adapt4j.core.internal.nn.head.EncoderHead;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.head.MaskedLanguageHead;
import io.adapt4j.core.internal.nn.head.Pooling;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.PostNormLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.BlockExperts;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.mlp.Router;
import io.adapt4j.core.internal.nn.mlp.RouterBalance;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Nomic BERT (Nussbaum et al. 2024): BERT with rotary positions and gated MLPs, or with mixtures of
 * experts in some layers (2025), with the tensor and field names of the code published with the
 * checkpoints.
 */
public final class NomicBert extends BuiltInFamily {

  private static final String PREFIX = "bert.";
  private static final String FRACTION = "rotary_emb_fraction";
  private static final String ACTIVATION = "activation_function";

  /** Gated MLP widths are rounded up to a multiple of this. */
  private static final int MULTIPLE = 256;

  private static final StoredNames NAMES =
      StoredNames.of(PREFIX, List.of("(bert\\.)?pooler\\..*", "cls\\..*", "classifier\\..*"))
          .keeping(StoredNames.POOLING_LAYER);

  public NomicBert() {
    super(
        "nomic_bert",
        "prenorm",
        "parallel_block",
        "use_rms_norm",
        "causal",
        "rotary_emb_interleaved",
        "num_experts");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = NomicFields.translated(model).fields();
    double outputs = DropoutFields.rate(fields, "resid_pdrop", 0);
    return DropoutRates.ofAttention(DropoutFields.rate(fields, "attn_pdrop", 0))
        .withEmbedding(DropoutFields.rate(fields, "embd_pdrop", 0))
        .withOutputs(outputs, outputs)
        .withClassifier(0, DropoutFields.rate(fields, "classifier_dropout", 0));
  }

  @Override
  public Network declare(ModelConfig model) {
    EncoderTask task = EncoderTask.of(model);
    Shape shape =
        Shape.read(NomicFields.translated(model), task == EncoderTask.FEATURES ? "" : PREFIX);
    Embeddings embeddings = shape.embeddings();
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < shape.layers(); i++) {
      layers.add(shape.layer(shape.prefix() + "encoder.layers." + i, i));
    }
    Transformer body =
        new Transformer(embeddings, List.copyOf(layers), Norm.NONE, List.of(shape.rotary()));
    EncoderHead head =
        switch (task) {
          case FEATURES -> new EncoderHead.None();
          case MASKED_TOKENS -> maskedTokens(shape, embeddings);
          case CLASSES -> classes(shape);
          case TOKEN_CLASSES ->
              ClassificationHead.ofTokens(
                  LinearSlot.of("classifier", shape.hidden(), true, EncoderTask.classes(model)));
        };
    Dimensions dimensions =
        new Dimensions(
            shape.hidden(),
            shape.layers(),
            shape.vocabulary(),
            shape.fields().positiveInt("n_positions", 1024));
    return new Encoder(model, dimensions, NAMES, body, head, OptionalInt.empty());
  }

  private static EncoderHead maskedTokens(Shape shape, Embeddings embeddings) {
    ConfigReader fields = shape.fields();
    String path = "cls.predictions.";
    boolean bias = fields.bool("mlp_fc1_bias", true);
    boolean tied = fields.bool("tie_word_embeddings", true);
    String name = fields.optionalText(ACTIVATION).orElse("gelu");
    Activation activation =
        switch (name) {
          case "swiglu" -> Activation.SILU;
          case "geglu" -> Activation.GELU;
          default -> Activations.named(shape.model(), ACTIVATION, name);
        };
    return new MaskedLanguageHead(
        LinearSlot.of(path + "transform.dense", shape.hidden(), bias, shape.hidden()),
        activation,
        shape.norm(path + "transform.layer_norm"),
        new VocabularyHead(
            tied
                ? embeddings.tokens()
                : Parameter.of(path + "decoder.weight", shape.vocabulary(), shape.hidden()),
            bias ? Parameter.of(path + "decoder.bias", shape.vocabulary()) : null,
            1,
            0));
  }

  private static EncoderHead classes(Shape shape) {
    return ClassificationHead.ofTexts(
        Pooling.FIRST,
        LinearSlot.of(PREFIX + "pooler.dense", shape.hidden(), true, shape.hidden()),
        Activation.TANH,
        Norm.NONE,
        LinearSlot.of("classifier", shape.hidden(), true, EncoderTask.classes(shape.model())));
  }

  private record Shape(
      ModelConfig model, String prefix, int hidden, int layers, int heads, int vocabulary) {

    static Shape read(ModelConfig model, String prefix) {
      ConfigReader fields = model.fields();
      for (String field : List.of("prenorm", "parallel_block", "use_rms_norm", "causal")) {
        if (fields.bool(field, false)) {
          throw fields.invalid(
              field, "false", "This build has Nomic BERT only as its checkpoints are.");
        }
      }
      int hidden = fields.requirePositiveInt("n_embd");
      int heads = fields.requirePositiveInt("n_head");
      fields.requireDivisor("n_head", heads, "n_embd", hidden);
      int multiple = fields.positiveInt("pad_vocab_size_multiple", 1);
      int vocabulary = fields.requirePositiveInt("vocab_size");
      return new Shape(
          model,
          prefix,
          hidden,
          fields.requirePositiveInt("n_layer"),
          heads,
          Math.toIntExact((vocabulary + multiple - 1L) / multiple * multiple));
    }

    ConfigReader fields() {
      return model.fields();
    }

    Norm norm(String path) {
      return LayerNorm.declare(
          path, hidden, true, fields().positiveNumber("layer_norm_epsilon", 1e-5));
    }

    Embeddings embeddings() {
      String path = prefix + "embeddings.";
      int types = fields().optionalInt("type_vocab_size").orElse(2);
      return new Embeddings(
          Parameter.of(path + "word_embeddings.weight", vocabulary, hidden),
          null,
          types > 0 ? Parameter.of(path + "token_type_embeddings.weight", types, hidden) : null,
          norm(prefix + "emb_ln"),
          Embeddings.Scale.NONE);
    }

    RotaryFrequencies rotary() {
      double fraction = fields().optionalNumber(FRACTION).orElse(0);
      int head = hidden / heads;
      int dim = (int) (head * fraction);
      if (dim < 2 || dim % 2 != 0 || fraction > 1) {
        throw fields()
            .invalid(
                FRACTION,
                "a share of the heads' width " + head + " that gives an even number",
                "Positions that are learned instead are not supported here.");
      }
      OptionalDouble factor = fields().optionalNumber("rotary_scaling_factor");
      return RotaryFrequencies.of(
          fields().positiveNumber("rotary_emb_base", 1000),
          dim,
          fields().positiveInt("max_trained_positions", 2048),
          factor.isPresent() && factor.getAsDouble() != 0
              ? new RopeScaling.Dynamic(factor.getAsDouble())
              : new RopeScaling.Default());
    }

    Layer layer(String path, int index) {
      boolean bias = fields().bool("qkv_proj_bias", true);
      int dim = hidden / heads;
      Heads grouped = Heads.grouped(heads, heads, dim);
      Attention attention =
          new Attention(
              LinearSlot.of(path + ".attn.Wqkv", hidden, bias, 3L * hidden),
              LinearSlot.of(path + ".attn.out_proj", hidden, bias, hidden),
              fields().bool("rotary_emb_interleaved", false) ? grouped.rotatedInPairs() : grouped,
              null,
              0,
              AttentionRule.bothWays(dim, 0));
      int every = fields().optionalInt("moe_every_n_layers").orElse(0);
      Mlp mlp = every > 0 && index % every == 1 ? experts(path + ".mlp") : mlp(path + ".mlp");
      return new PostNormLayer(attention, norm(path + ".norm1"), mlp, norm(path + ".norm2"));
    }

    private Mlp experts(String path) {
      if (fields().optionalInt("num_shared_experts").orElse(0) != 0) {
        throw fields().invalid("num_shared_experts", "0", "Such experts are not supported here.");
      }
      if (fields().bool("expert_choice_router", false)) {
        throw fields()
            .invalid("expert_choice_router", "false", "Experts that choose are not supported.");
      }
      if (fields().optionalInt("ffn_div").orElse(1) != 1) {
        throw fields().invalid("ffn_div", "1", "Narrower experts are not supported here.");
      }
      int count = fields().requirePositiveInt("num_experts");
      ExpertOps.Rule rule =
          ExpertOps.Rule.softmax(
              Experts.chosen(model, "moe_top_k", "num_experts"),
              fields().bool("moe_normalize_expert_weights", false));
      long width = fields().positiveInt("n_inner", 4 * hidden);
      String own = path + ".experts.";
      return new BlockExperts(
          new Router(
              LinearSlot.of(path + ".router.layer", hidden, false, count),
              null,
              rule,
              new RouterBalance(count, rule.chosen(), 0)),
          Parameter.of(own + "mlp.w1", count * width, hidden),
          Parameter.of(own + "mlp.w2", count * width, hidden),
          Parameter.of(own + "bias", hidden),
          Activations.read(model, ACTIVATION, "gelu"),
          width);
    }

    private Mlp mlp(String path) {
      boolean inBias = fields().bool("mlp_fc1_bias", true);
      boolean outBias = fields().bool("mlp_fc2_bias", true);
      String name = fields().optionalText(ACTIVATION).orElse("gelu");
      boolean gated = name.equals("swiglu") || name.equals("geglu");
      if (!gated) {
        int inner = fields().positiveInt("n_inner", 4 * hidden);
        return new PlainMlp(
            LinearSlot.of(path + ".fc1", hidden, inBias, inner),
            LinearSlot.of(path + ".fc2", inner, outBias, hidden),
            Activations.named(model, ACTIVATION, name));
      }
      int stated = fields().positiveInt("n_inner", 8 * hidden / 3);
      int multiple = fields().positiveInt(NomicFields.MULTIPLE, MULTIPLE);
      int inner = (stated + multiple - 1) / multiple * multiple;
      return new GatedMlp(
          LinearSlot.of(path, hidden, inBias, List.of("fc12", "fc11"), inner, inner),
          LinearSlot.of(path + ".fc2", inner, outBias, hidden),
          name.equals("swiglu") ? Activation.SILU : Activation.GELU);
    }
  }
}
