package io.adapt4j.core.internal.nn.family.encoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScalingReader;
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
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.head.ClassificationHead;
import io.adapt4j.core.internal.nn.head.EncoderHead;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.head.MaskedLanguageHead;
import io.adapt4j.core.internal.nn.head.Pooling;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * ModernBERT (Warner et al. 2024): pre-norm layers with rotary positions and gated MLPs; most
 * layers have a sliding window and separate rotary frequencies.
 */
public final class ModernBert extends BuiltInFamily {

  private static final StoredNames NAMES =
      StoredNames.of("model.", List.of("head\\..*", "decoder\\..*", "classifier\\..*"));

  public ModernBert() {
    super(
        "modernbert",
        "layer_types",
        "local_attention",
        "global_attn_every_n_layers",
        "global_rope_theta",
        "local_rope_theta");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double attention = DropoutFields.rate(fields, "attention_dropout", 0);
    return DropoutRates.ofAttention(attention)
        .withEmbedding(DropoutFields.rate(fields, "embedding_dropout", 0))
        .withOutputs(attention, 0)
        .withInner(DropoutFields.rate(fields, "mlp_dropout", 0))
        .withClassifier(0, DropoutFields.rate(fields, "classifier_dropout", 0));
  }

  @Override
  public Network declare(ModelConfig model) {
    Shape shape = Shape.read(model);
    EncoderTask task = EncoderTask.of(model);
    String prefix = task == EncoderTask.FEATURES ? "" : "model.";
    Embeddings embeddings =
        new Embeddings(
            Parameter.of(
                prefix + "embeddings.tok_embeddings.weight", shape.vocabulary(), shape.hidden()),
            null,
            null,
            shape.norm(prefix + "embeddings.norm"),
            Embeddings.Scale.NONE);
    List<Boolean> local =
        LayerTypes.sliding(
            model,
            shape.layers(),
            layer -> layer % model.fields().positiveInt("global_attn_every_n_layers", 3) != 0);
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < shape.layers(); i++) {
      layers.add(layer(shape, prefix + "layers." + i, i == 0, local.get(i)));
    }
    Transformer body =
        new Transformer(
            embeddings,
            List.copyOf(layers),
            shape.norm(prefix + "final_norm"),
            List.of(rotary(shape, LayerTypes.FULL), rotary(shape, LayerTypes.SLIDING)));
    EncoderHead head =
        switch (task) {
          case FEATURES -> new EncoderHead.None();
          case MASKED_TOKENS -> maskedTokens(shape, embeddings.tokens());
          case CLASSES -> classes(shape, Optional.of(pooling(model)));
          case TOKEN_CLASSES -> classes(shape, Optional.empty());
        };
    Dimensions dimensions =
        new Dimensions(shape.hidden(), shape.layers(), shape.vocabulary(), shape.positions());
    return new Encoder(model, dimensions, NAMES, body, head, OptionalInt.empty());
  }

  private static Layer layer(Shape shape, String path, boolean first, boolean local) {
    ConfigReader fields = shape.model().fields();
    int hidden = shape.hidden();
    boolean attentionBias = fields.bool("attention_bias", false);
    boolean mlpBias = fields.bool("mlp_bias", false);
    int window = local ? fields.positiveInt("local_attention", 128) / 2 : 0;
    Attention attention =
        new Attention(
            LinearSlot.of(path + ".attn.Wqkv", hidden, attentionBias, 3L * hidden),
            LinearSlot.of(path + ".attn.Wo", hidden, attentionBias, hidden),
            Heads.grouped(shape.heads(), shape.heads(), shape.headDim()),
            null,
            local ? 1 : 0,
            AttentionRule.bothWays(shape.headDim(), window));
    int inner = fields.requirePositiveInt("intermediate_size");
    Mlp mlp =
        new GatedMlp(
            LinearSlot.of(path + ".mlp.Wi", hidden, mlpBias, 2L * inner),
            LinearSlot.of(path + ".mlp.Wo", inner, mlpBias, hidden),
            Activations.read(shape.model(), "hidden_activation", "gelu"));
    return SequentialLayer.preNorm(
        first ? Norm.NONE : shape.norm(path + ".attn_norm"),
        attention,
        shape.norm(path + ".mlp_norm"),
        mlp);
  }

  private static RotaryFrequencies rotary(Shape shape, String layerType) {
    ConfigReader fields = shape.model().fields();
    // Null means that local layers use the global base; an absent field has its default.
    boolean local = layerType.equals(LayerTypes.SLIDING) && !fields.isNull("local_rope_theta");
    double stated =
        local
            ? fields.positiveNumber("local_rope_theta", 10_000)
            : fields.positiveNumber("global_rope_theta", 160_000);
    Optional<String> type = Optional.of(layerType);
    double theta =
        RopeScalingReader.ofType(fields, type)
            .filter(own -> own.has("rope_theta"))
            .map(own -> own.requirePositiveNumber("rope_theta"))
            .orElse(stated);
    return RotaryFrequencies.of(
        theta, shape.headDim(), shape.positions(), RopeScalingReader.scaling(fields, type));
  }

  private static EncoderHead maskedTokens(Shape shape, Parameter embedding) {
    ConfigReader fields = shape.model().fields();
    Parameter weight =
        fields.bool("tie_word_embeddings", true)
            ? embedding
            : Parameter.of("decoder.weight", shape.vocabulary(), shape.hidden());
    Parameter bias =
        fields.bool("decoder_bias", true) ? Parameter.of("decoder.bias", shape.vocabulary()) : null;
    return new MaskedLanguageHead(
        dense(shape),
        Activations.read(shape.model(), "classifier_activation", "gelu"),
        shape.norm("head.norm"),
        new VocabularyHead(weight, bias, 1, 0));
  }

  private static Pooling pooling(ModelConfig model) {
    String pooling = model.fields().optionalText("classifier_pooling").orElse("cls");
    if (!pooling.equals("cls") && !pooling.equals("mean")) {
      throw model.fields().invalid("classifier_pooling", "cls or mean", "Correct the value.");
    }
    return pooling.equals("cls") ? Pooling.FIRST : Pooling.MEAN;
  }

  private static EncoderHead classes(Shape shape, Optional<Pooling> pooling) {
    ModelConfig model = shape.model();
    return new ClassificationHead(
        pooling,
        Optional.of(
            new ClassificationHead.Transform(
                dense(shape),
                Activations.read(model, "classifier_activation", "gelu"),
                shape.norm("head.norm"))),
        LinearSlot.of("classifier", shape.hidden(), true, EncoderTask.classes(model)),
        OptionalInt.empty());
  }

  private static LinearSlot dense(Shape shape) {
    boolean bias = shape.model().fields().bool("classifier_bias", false);
    return LinearSlot.of("head.dense", shape.hidden(), bias, shape.hidden());
  }

  private record Shape(
      ModelConfig model, int hidden, int layers, int heads, int vocabulary, int positions) {

    static Shape read(ModelConfig model) {
      ConfigReader fields = model.fields();
      int hidden = fields.requirePositiveInt("hidden_size");
      int heads = fields.requirePositiveInt("num_attention_heads");
      if (hidden % heads != 0 || hidden / heads % 2 != 0) {
        throw fields.invalid(
            "num_attention_heads",
            "a divisor of hidden_size " + hidden + " that gives heads of even width",
            "Correct one of the two.");
      }
      return new Shape(
          model,
          hidden,
          fields.requirePositiveInt("num_hidden_layers"),
          heads,
          fields.requirePositiveInt("vocab_size"),
          fields.positiveInt("max_position_embeddings", 8192));
    }

    int headDim() {
      return hidden / heads;
    }

    Norm norm(String path) {
      ConfigReader fields = model.fields();
      return LayerNorm.declare(
          path, hidden, fields.bool("norm_bias", false), fields.positiveNumber("norm_eps", 1e-5));
    }
  }
}
