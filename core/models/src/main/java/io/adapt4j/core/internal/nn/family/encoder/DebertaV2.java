package io.adapt4j.core.internal.nn.family.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.attention.DistanceScores;
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
import io.adapt4j.core.internal.nn.layer.ConvolvedLayer;
import io.adapt4j.core.internal.nn.layer.DistanceLayer;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.op.RelativeOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * DeBERTa v2 and v3 (He et al. 2021): disentangled attention over contents and distances and, in
 * the large v2, a convolution parallel to the first layer.
 */
public final class DebertaV2 extends BuiltInFamily {

  private static final String PREFIX = "deberta.";
  private static final String CONTENT_TO_POSITION = "c2p";
  private static final String POSITION_TO_CONTENT = "p2c";
  private static final String TYPES = "pos_att_type";

  private static final StoredNames NAMES =
      StoredNames.of(
          PREFIX,
          List.of(
              "(deberta\\.)?embeddings\\.position_ids",
              // The generator of v3 has positions that its class does not use.
              "(deberta\\.)?embeddings\\.position_embeddings\\.weight",
              "pooler\\..*",
              "cls\\..*",
              "lm_predictions\\..*",
              "mask_predictions\\..*",
              "classifier\\..*"));

  public DebertaV2() {
    super(
        "deberta-v2",
        "relative_attention",
        "position_biased_input",
        TYPES,
        "share_att_key",
        "position_buckets",
        "max_relative_positions",
        "norm_rel_ebd",
        "conv_kernel_size");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    DropoutRates rates = DropoutFields.ofBert(fields);
    return rates.withClassifier(
        DropoutFields.rate(fields, "pooler_dropout", 0),
        DropoutFields.rate(fields, "cls_dropout", rates.embedding()));
  }

  @Override
  public Network declare(ModelConfig model) {
    EncoderTask task = EncoderTask.of(model);
    Shape shape = Shape.read(model, task == EncoderTask.FEATURES ? "" : PREFIX);
    Embeddings embeddings = shape.embeddings();
    Transformer body =
        new Transformer(embeddings, List.copyOf(shape.declareLayers()), Norm.NONE, List.of());
    EncoderHead head =
        switch (task) {
          case FEATURES -> new EncoderHead.None();
          case MASKED_TOKENS -> maskedTokens(shape, embeddings);
          case CLASSES -> classes(shape);
          case TOKEN_CLASSES ->
              ClassificationHead.ofTokens(
                  LinearSlot.of("classifier", shape.hidden, true, EncoderTask.classes(model)));
        };
    Dimensions dimensions =
        new Dimensions(shape.hidden, shape.layers, shape.vocabulary, shape.positions);
    return new Encoder(model, dimensions, NAMES, body, head, OptionalInt.empty());
  }

  private static EncoderHead maskedTokens(Shape shape, Embeddings embeddings) {
    ConfigReader fields = shape.fields();
    boolean legacy = fields.bool("legacy", true);
    int width = legacy ? shape.width : shape.hidden;
    String path = legacy ? "cls.predictions." : "lm_predictions.lm_head.";
    String dense = legacy ? "transform." : "";
    boolean tied = !legacy || fields.bool("tie_word_embeddings", true);
    if (!legacy && shape.width != shape.hidden) {
      throw fields.invalid(
          "embedding_size",
          "hidden_size " + shape.hidden + ", as the head without legacy multiplies with it",
          "Set legacy to true.");
    }
    return new MaskedLanguageHead(
        LinearSlot.of(path + dense + "dense", shape.hidden, true, width),
        shape.activation(),
        LayerNorm.declare(path + dense + "LayerNorm", width, true, shape.eps),
        new VocabularyHead(
            tied
                ? embeddings.tokens()
                : Parameter.of(path + "decoder.weight", shape.vocabulary, width),
            Parameter.of(path + "bias", shape.vocabulary),
            1,
            0));
  }

  private static EncoderHead classes(Shape shape) {
    ModelConfig model = shape.model;
    int pooled = model.fields().positiveInt("pooler_hidden_size", shape.hidden);
    if (pooled != shape.hidden) {
      throw model
          .fields()
          .invalid("pooler_hidden_size", "hidden_size " + shape.hidden, "Correct one of the two.");
    }
    return ClassificationHead.ofTexts(
        Pooling.FIRST,
        LinearSlot.of("pooler.dense", pooled, true, pooled),
        Activations.read(model, "pooler_hidden_act", "gelu"),
        Norm.NONE,
        LinearSlot.of("classifier", pooled, true, EncoderTask.classes(model)));
  }

  /** The configuration and its sizes. */
  private record Shape(
      ModelConfig model,
      String prefix,
      int hidden,
      int width,
      int layers,
      int vocabulary,
      int positions,
      double eps) {

    static Shape read(ModelConfig model, String prefix) {
      ConfigReader fields = model.fields();
      int hidden = fields.requirePositiveInt("hidden_size");
      return new Shape(
          model,
          prefix,
          hidden,
          fields.positiveInt("embedding_size", hidden),
          fields.requirePositiveInt("num_hidden_layers"),
          fields.requirePositiveInt("vocab_size"),
          fields.positiveInt("max_position_embeddings", 512),
          fields.positiveNumber("layer_norm_eps", 1e-7));
    }

    ConfigReader fields() {
      return model.fields();
    }

    Norm norm(String path) {
      return LayerNorm.declare(path, hidden, true, eps);
    }

    Activation activation() {
      return Activations.read(model, "hidden_act", "gelu");
    }

    Embeddings embeddings() {
      String path = prefix + "embeddings.";
      int types = fields().optionalInt("type_vocab_size").orElse(0);
      boolean learned = fields().bool("position_biased_input", true);
      Embeddings tables =
          new Embeddings(
                  Parameter.of(path + "word_embeddings.weight", vocabulary, width),
                  learned
                      ? Parameter.of(path + "position_embeddings.weight", positions, width)
                      : null,
                  types > 0
                      ? Parameter.of(path + "token_type_embeddings.weight", types, width)
                      : null,
                  norm(path + "LayerNorm"),
                  Embeddings.Scale.NONE)
              .withoutPadding();
      return width == hidden
          ? tables
          : tables.projected(
              LinearSlot.of(path + "embed_proj", width, false, hidden),
              Embeddings.Projection.Place.AFTER_SUM);
    }

    List<Layer> declareLayers() {
      Optional<Distances> distances = distances();
      List<Layer> declared = new ArrayList<>();
      for (int i = 0; i < layers; i++) {
        declared.add(layer(prefix + "encoder.layer." + i, distances));
      }
      int kernel = fields().optionalInt("conv_kernel_size").orElse(0);
      if (kernel > 0) {
        declared.set(0, convolved(declared.get(0), kernel));
      }
      return declared;
    }

    private Layer convolved(Layer layer, int kernel) {
      String path = prefix + "encoder.conv.";
      int groups = fields().positiveInt("conv_groups", 1);
      if (kernel % 2 == 0 || hidden % groups != 0) {
        throw fields()
            .invalid(
                "conv_kernel_size",
                "an odd number, and conv_groups a divisor of hidden_size " + hidden,
                "A convolution of another shape changes the length or does not exist.");
      }
      return new ConvolvedLayer(
          layer,
          Parameter.of(path + "conv.weight", hidden, hidden / groups, kernel),
          Parameter.of(path + "conv.bias", hidden),
          groups,
          Activations.read(model, "conv_act", "tanh"),
          norm(path + "LayerNorm"));
    }

    private Layer layer(String path, Optional<Distances> distances) {
      int heads = fields().requirePositiveInt("num_attention_heads");
      fields().requireDivisor("num_attention_heads", heads, "hidden_size", hidden);
      int dim = fields().positiveInt("attention_head_size", hidden / heads);
      long all = (long) heads * dim;
      int inner = fields().requirePositiveInt("intermediate_size");
      String self = path + ".attention.self";
      int terms = 1 + types().size();
      Attention attention =
          new Attention(
              LinearSlot.of(
                  self,
                  hidden,
                  true,
                  List.of("query_proj", "key_proj", "value_proj"),
                  all,
                  all,
                  all),
              LinearSlot.of(path + ".attention.output.dense", all, true, hidden),
              Heads.grouped(heads, heads, dim),
              null,
              Attention.NO_ROTARY,
              new AttentionRule(1 / Math.sqrt((double) dim * terms), 0, false, 0));
      Norm attentionNorm = norm(path + ".attention.output.LayerNorm");
      Norm mlpNorm = norm(path + ".output.LayerNorm");
      Mlp mlp =
          new PlainMlp(
              LinearSlot.of(path + ".intermediate.dense", hidden, true, inner),
              LinearSlot.of(path + ".output.dense", inner, true, hidden),
              activation());
      DistanceScores scores =
          distances.map(shared -> scores(shared, self, all)).orElseGet(DistanceScores.None::new);
      return new DistanceLayer(attention, scores, attentionNorm, mlp, mlpNorm);
    }

    /** Reads the kinds of relative attention: {@code c2p}, {@code p2c}. */
    private Set<String> types() {
      JsonNode stated = fields().json().path(TYPES);
      Set<String> types = new LinkedHashSet<>();
      if (stated.isArray()) {
        stated.forEach(type -> types.add(type.asText()));
      } else if (stated.isTextual()) {
        for (String type : stated.asText().split("\\|", -1)) {
          types.add(type.strip().toLowerCase(Locale.ROOT));
        }
      }
      types.remove("");
      if (!Set.of(CONTENT_TO_POSITION, POSITION_TO_CONTENT).containsAll(types)) {
        throw fields().invalid(TYPES, "c2p, p2c or both", "DeBERTa v2 has no other.");
      }
      return types;
    }

    /** Distance embeddings shared by the layers, and the mapping of distances to their rows. */
    private record Distances(Parameter table, Norm norm, RelativeOps.Rows rows) {}

    private Optional<Distances> distances() {
      if (!fields().bool("relative_attention", false)) {
        return Optional.empty();
      }
      int stated = fields().optionalInt("max_relative_positions").orElse(-1);
      int furthest = stated < 1 ? positions : stated;
      int buckets = Math.max(0, fields().optionalInt("position_buckets").orElse(-1));
      int span = buckets > 0 ? buckets : furthest;
      String norms = fields().optionalText("norm_rel_ebd").orElse("none");
      boolean normed = norms.toLowerCase(Locale.ROOT).contains("layer_norm");
      return Optional.of(
          new Distances(
              Parameter.of(prefix + "encoder.rel_embeddings.weight", 2L * span, hidden),
              normed ? norm(prefix + "encoder.LayerNorm") : Norm.NONE,
              new RelativeOps.Rows(span, buckets, furthest)));
    }

    private DistanceScores scores(Distances shared, String self, long all) {
      Set<String> types = types();
      boolean toPosition = types.contains(CONTENT_TO_POSITION);
      boolean toContent = types.contains(POSITION_TO_CONTENT);
      boolean own = !fields().bool("share_att_key", false);
      return new DistanceScores.Disentangled(
          shared.table(),
          shared.norm(),
          own && toPosition
              ? Optional.of(LinearSlot.of(self + ".pos_key_proj", hidden, true, all))
              : Optional.empty(),
          own && toContent
              ? Optional.of(LinearSlot.of(self + ".pos_query_proj", hidden, true, all))
              : Optional.empty(),
          toPosition,
          toContent,
          shared.rows());
    }
  }
}
