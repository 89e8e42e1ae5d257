package io.adapt4j.core.internal.nn.family.encoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
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
import io.adapt4j.core.internal.nn.head.ClassificationHead;
import io.adapt4j.core.internal.nn.head.EncoderHead;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.head.MaskedLanguageHead;
import io.adapt4j.core.internal.nn.head.Pooling;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.PostNormLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.mlp.UpGateMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Encoders of gte-v1.5 and gte-multilingual (Zhang et al. 2024), whose model type is {@code new},
 * and of snowflake-arctic-embed-m-v2.0, whose model type is {@code gte}: BERT with rotary positions
 * and gated MLPs.
 */
public final class Gte extends BuiltInFamily {

  private static final String SNOWFLAKE = "gte";
  private static final String PREFIX = "new.";

  private static final StoredNames NAMES =
      StoredNames.of(
              PREFIX,
              List.of(
                  "(new\\.)?pooler\\..*",
                  "lm_head\\..*",
                  "classifier\\..*",
                  "(new\\.)?embeddings\\.(position_ids|rotary_emb\\.inv_freq)"))
          .keeping(StoredNames.POOLING_LAYER);

  public Gte() {
    super(Set.of("new", SNOWFLAKE), DecoderConfig.Defaults.LLAMA, "position_embedding_type");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double hidden = DropoutFields.rate(fields, "hidden_dropout_prob", 0.1);
    return DropoutRates.ofAttention(DropoutFields.rate(fields, "attention_probs_dropout_prob", 0))
        .withEmbedding(hidden)
        .withOutputs(hidden, hidden)
        .withInner(hidden)
        .withClassifier(0, DropoutFields.rate(fields, "classifier_dropout", hidden));
  }

  @Override
  public Network declare(ModelConfig model) {
    EncoderTask task = EncoderTask.of(model);
    if (model.modelType().equals(SNOWFLAKE) && task != EncoderTask.FEATURES) {
      throw model
          .fields()
          .invalid(
              "architectures",
              "GteModel",
              "Models of this type are read and trained as embedders only.");
    }
    Shape shape = Shape.read(model, task == EncoderTask.FEATURES ? "" : PREFIX);
    Embeddings embeddings = shape.embeddings();
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < shape.layers(); i++) {
      layers.add(shape.layer(shape.prefix() + "encoder.layer." + i));
    }
    Transformer body =
        new Transformer(embeddings, List.copyOf(layers), Norm.NONE, List.of(shape.rotary()));
    LinearSlot classifier =
        LinearSlot.of("classifier", shape.hidden(), true, EncoderTask.classes(model));
    EncoderHead head =
        switch (task) {
          case FEATURES -> new EncoderHead.None();
          case MASKED_TOKENS -> maskedTokens(shape, embeddings);
          case CLASSES ->
              ClassificationHead.ofTexts(
                  Pooling.FIRST,
                  LinearSlot.of(PREFIX + "pooler.dense", shape.hidden(), true, shape.hidden()),
                  Activation.TANH,
                  Norm.NONE,
                  classifier);
          case TOKEN_CLASSES -> ClassificationHead.ofTokens(classifier);
        };
    Dimensions dimensions =
        new Dimensions(shape.hidden(), shape.layers(), shape.vocabulary(), shape.positions());
    return new Encoder(model, dimensions, NAMES, body, head, OptionalInt.empty());
  }

  private static EncoderHead maskedTokens(Shape shape, Embeddings embeddings) {
    String path = "lm_head.";
    boolean tied = shape.fields().bool("tie_word_embeddings", true);
    return new MaskedLanguageHead(
        LinearSlot.of(path + "dense", shape.hidden(), true, shape.hidden()),
        shape.activation(),
        shape.norm(path + "norm"),
        new VocabularyHead(
            tied
                ? embeddings.tokens()
                : Parameter.of(path + "decoder.weight", shape.vocabulary(), shape.hidden()),
            Parameter.of(path + "decoder.bias", shape.vocabulary()),
            1,
            0));
  }

  private record Shape(
      ModelConfig model,
      String prefix,
      int hidden,
      int layers,
      int heads,
      int vocabulary,
      int positions) {

    static Shape read(ModelConfig model, String prefix) {
      ConfigReader fields = model.fields();
      require(fields, "position_embedding_type", "rope");
      require(fields, "layer_norm_type", "layer_norm");
      if (fields.bool("logn_attention_scale", false)) {
        throw fields.invalid(
            "logn_attention_scale", "false", "Scores that depend on the length are not known.");
      }
      int hidden = fields.requirePositiveInt("hidden_size");
      int heads = fields.requirePositiveInt("num_attention_heads");
      if (hidden % heads != 0 || hidden / heads % 2 != 0) {
        throw fields.invalid(
            "num_attention_heads",
            "a divisor of hidden_size " + hidden + " that gives heads of an even width",
            "Correct one of the two.");
      }
      return new Shape(
          model,
          prefix,
          hidden,
          fields.requirePositiveInt("num_hidden_layers"),
          heads,
          fields.requirePositiveInt("vocab_size"),
          fields.positiveInt("max_position_embeddings", 2048));
    }

    private static void require(ConfigReader fields, String field, String value) {
      if (!fields.optionalText(field).orElse(value).equals(value)) {
        throw fields.invalid(field, value, "Models of this type with another value are not known.");
      }
    }

    ConfigReader fields() {
      return model.fields();
    }

    Activation activation() {
      return Activations.read(model, "hidden_act", "gelu");
    }

    Norm norm(String path) {
      return LayerNorm.declare(
          path, hidden, true, fields().positiveNumber("layer_norm_eps", 1e-12));
    }

    Embeddings embeddings() {
      String path = prefix + "embeddings.";
      int types = fields().optionalInt("type_vocab_size").orElse(1);
      return new Embeddings(
          Parameter.of(path + "word_embeddings.weight", vocabulary, hidden),
          null,
          types > 0 ? Parameter.of(path + "token_type_embeddings.weight", types, hidden) : null,
          norm(path + "LayerNorm"),
          Embeddings.Scale.NONE);
    }

    /**
     * Returns the rotary frequencies. The family's scaling stretches the base, then divides all
     * frequencies so that the slowest is divided by the factor.
     */
    RotaryFrequencies rotary() {
      int dim = hidden / heads;
      double theta = fields().positiveNumber("rope_theta", 10_000);
      double factor = fields().child("rope_scaling").map(Shape::factor).orElse(1.0);
      return factor <= 1
          ? RotaryFrequencies.of(theta, dim, positions, new RopeScaling.Default())
          : RotaryFrequencies.of(
              theta * factor, dim, positions, new RopeScaling.Linear(Math.pow(factor, 2.0 / dim)));
    }

    private static double factor(ConfigReader scaling) {
      if (!scaling.requireText("type").equals("ntk") || scaling.has("mixed_b")) {
        throw scaling.invalid("type", "ntk without mixed_b", "No other scaling is known here.");
      }
      return scaling.requirePositiveNumber("factor");
    }

    Layer layer(String path) {
      int dim = hidden / heads;
      String own = path + ".attention";
      List<String> names = List.of("q_proj", "k_proj", "v_proj");
      LinearSlot qkv =
          fields().bool("pack_qkv", true)
              ? LinearSlot.of(own + ".qkv_proj", hidden, true, 3L * hidden)
              : LinearSlot.of(own, hidden, true, names, hidden, hidden, hidden);
      Attention attention =
          new Attention(
              qkv,
              LinearSlot.of(own + ".o_proj", hidden, true, hidden),
              Heads.grouped(heads, heads, dim),
              null,
              0,
              AttentionRule.bothWays(dim, 0));
      int inner = fields().requirePositiveInt("intermediate_size");
      GatedMlp mlp =
          new GatedMlp(
              LinearSlot.of(path + ".mlp.up_gate_proj", hidden, false, 2L * inner),
              LinearSlot.of(path + ".mlp.down_proj", inner, true, hidden),
              activation());
      return new PostNormLayer(
          attention, norm(path + ".attn_ln"), new UpGateMlp(mlp), norm(path + ".mlp_ln"));
    }
  }
}
