package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.PostNormLayer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.UnitLayerNorm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * OPT (Zhang et al. 2022) and Galactica: learned positions that start at the third row of their
 * table, and layer norms before each branch. The 350M model normalizes after each branch instead,
 * and has narrower embeddings with projections to and from them.
 */
public final class Opt extends BuiltInFamily {

  private static final String PREFIX = "model.";
  private static final int UNUSED_POSITIONS = 2;
  private static final double EPS = 1e-5;

  public Opt() {
    super("opt", "do_layer_norm_before", "_remove_final_layer_norm");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    double outputs = DropoutFields.rate(model.fields(), "dropout", 0.1);
    return DropoutFields.ofAttention(model.fields()).withOutputs(outputs, outputs);
  }

  @Override
  public Network declare(ModelConfig model) {
    Shape shape = new Shape(model, (EncoderTask.isBaseModel(model) ? "" : PREFIX) + "decoder.");
    int vocabulary = model.fields().requirePositiveInt("vocab_size");
    int positions = model.fields().positiveInt("max_position_embeddings", 2048);
    int layers = model.fields().requirePositiveInt("num_hidden_layers");
    int narrow = shape.vocabularyWidth();
    Parameter tokens = Parameter.of(shape.path("embed_tokens.weight"), vocabulary, narrow);
    List<Layer> declared = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      declared.add(shape.layer(shape.path("layers." + i)));
    }
    Transformer body =
        new Transformer(
            shape.embeddings(tokens, positions), List.copyOf(declared), shape.last(), List.of());
    String headName = "lm_head.weight";
    boolean tied = model.fields().bool("tie_word_embeddings", true);
    return new Decoder(
        model,
        new Dimensions(narrow, layers, vocabulary, positions),
        StoredNames.of(PREFIX, List.of("(?!)")),
        shape.isProjected()
            ? body.projected(
                LinearSlot.of(shape.path("project_out"), shape.hidden(), false, narrow))
            : body,
        headName,
        VocabularyHead.of(tied ? tokens : Parameter.of(headName, vocabulary, narrow)));
  }

  /** Shape of the model according to its configuration. */
  private record Shape(ModelConfig model, String prefix) {

    ConfigReader fields() {
      return model.fields();
    }

    String path(String name) {
      return prefix + name;
    }

    int hidden() {
      return fields().requirePositiveInt("hidden_size");
    }

    int vocabularyWidth() {
      return fields().positiveInt("word_embed_proj_dim", hidden());
    }

    boolean isProjected() {
      return vocabularyWidth() != hidden();
    }

    boolean normsBefore() {
      return fields().bool("do_layer_norm_before", true);
    }

    Embeddings embeddings(Parameter tokens, int positions) {
      Embeddings tables =
          new Embeddings(
                  tokens,
                  Parameter.of(
                      path("embed_positions.weight"), positions + UNUSED_POSITIONS, hidden()),
                  null,
                  Norm.NONE,
                  Embeddings.Scale.NONE)
              .positionsAfter(UNUSED_POSITIONS);
      return isProjected()
          ? tables.projected(
              LinearSlot.of(path("project_in"), vocabularyWidth(), false, hidden()),
              Embeddings.Projection.Place.AFTER_TOKENS)
          : tables;
    }

    Norm last() {
      boolean removed = fields().bool("_remove_final_layer_norm", false);
      return normsBefore() && !removed ? norm(path("final_layer_norm")) : Norm.NONE;
    }

    Norm norm(String name) {
      return fields().bool("layer_norm_elementwise_affine", true)
          ? LayerNorm.declare(name, hidden(), true, EPS)
          : new UnitLayerNorm(EPS);
    }

    Layer layer(String name) {
      int hidden = hidden();
      int heads = fields().requirePositiveInt("num_attention_heads");
      fields().requireDivisor("num_attention_heads", heads, "hidden_size", hidden);
      boolean bias = fields().bool("enable_bias", true);
      List<String> names = List.of("q_proj", "k_proj", "v_proj");
      Attention attention =
          new Attention(
              LinearSlot.of(name + ".self_attn", hidden, bias, names, hidden, hidden, hidden),
              LinearSlot.of(name + ".self_attn.out_proj", hidden, bias, hidden),
              Heads.grouped(heads, heads, hidden / heads),
              null,
              Attention.NO_ROTARY,
              AttentionRule.causal(hidden / heads));
      int inner = fields().positiveInt("ffn_dim", 3072);
      Mlp mlp =
          new PlainMlp(
              LinearSlot.of(name + ".fc1", hidden, bias, inner),
              LinearSlot.of(name + ".fc2", inner, bias, hidden),
              Activations.read(model, "activation_function", "relu"));
      Norm ofAttention = norm(name + ".self_attn_layer_norm");
      Norm ofMlp = norm(name + ".final_layer_norm");
      return normsBefore()
          ? SequentialLayer.preNorm(ofAttention, attention, ofMlp, mlp)
          : new PostNormLayer(attention, ofAttention, mlp, ofMlp);
    }
  }
}
