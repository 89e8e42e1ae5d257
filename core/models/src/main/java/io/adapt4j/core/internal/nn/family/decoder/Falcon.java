package io.adapt4j.core.internal.nn.family.decoder;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RotaryFrequencies;
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
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.ParallelLayer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * Falcon (Almazrouei et al. 2023) with rotary positions: one key/value head for all queries (7B),
 * or groups with interleaved queries, key and value (40B, 11B); attention and MLP in parallel or in
 * sequence.
 */
public final class Falcon extends BuiltInFamily {

  public Falcon() {
    super("falcon", new DecoderConfig.Defaults(2048, 1e-5, "gelu", true, 10_000), "parallel_attn");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    ConfigReader fields = model.fields();
    int query = fields.requirePositiveInt("num_attention_heads");
    int alone = fields.bool("multi_query", true) ? 1 : query;
    boolean grouped = fields.bool("new_decoder_architecture", false);
    int keyValue = grouped ? fields.positiveInt("num_kv_heads", query) : alone;
    int inner = fields.positiveInt("ffn_hidden_size", 4 * fields.requirePositiveInt("hidden_size"));
    return DecoderConfig.from(
        model
            .with("num_key_value_heads", IntNode.valueOf(keyValue))
            .with("intermediate_size", IntNode.valueOf(inner)),
        defaults());
  }

  /** The reference applies attention dropout only with ALiBi, which is not supported here. */
  @Override
  public DropoutRates dropout(ModelConfig model) {
    Shape shape = Shape.read(model, dimensions(model));
    ConfigReader fields = model.fields();
    double hidden = DropoutFields.rate(fields, "hidden_dropout", 0);
    double ofAttention =
        shape.parallel() ? hidden : DropoutFields.rate(fields, "attention_dropout", 0);
    return DropoutRates.NONE.withOutputs(ofAttention, hidden);
  }

  @Override
  public Network declare(ModelConfig model) {
    Shape shape = Shape.read(model, dimensions(model));
    DecoderConfig config = shape.config();
    Parameter embedding =
        Parameter.of("transformer.word_embeddings.weight", config.vocabSize(), config.hiddenSize());
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      layers.add(shape.layer("transformer.h." + i));
    }
    Transformer body =
        new Transformer(
            Embeddings.of(embedding, Embeddings.Scale.NONE),
            List.copyOf(layers),
            shape.norm("transformer.ln_f"),
            List.of(RotaryFrequencies.of(config)));
    return Decoder.of(
        model,
        new Dimensions(
            config.hiddenSize(), config.layers(), config.vocabSize(), config.contextLength()),
        StoredNames.of("transformer.", List.of(".*\\.rotary_emb\\.inv_freq")),
        body,
        "lm_head.weight",
        config.tieWordEmbeddings());
  }

  /** Shape of the model according to its configuration. */
  private record Shape(
      ModelConfig model, DecoderConfig config, Heads heads, boolean parallel, int norms) {

    static Shape read(ModelConfig model, DecoderConfig config) {
      ConfigReader fields = model.fields();
      boolean grouped = fields.bool("new_decoder_architecture", false);
      boolean parallel = grouped || fields.bool("parallel_attn", true);
      boolean parallelNorms = fields.bool("parallel_attn", true);
      int norms =
          !parallelNorms ? 2 : fields.positiveInt("num_ln_in_parallel_attn", grouped ? 2 : 1);
      if ((grouped && !parallelNorms) || (norms == 2 && parallelNorms && !grouped)) {
        throw fields.invalid(
            "parallel_attn",
            "true with new_decoder_architecture, and one norm without it",
            "Layers of this kind are not known.");
      }
      Heads heads = Heads.interleaved(config.heads(), config.kvHeads(), config.headDim());
      return new Shape(model, config, heads, parallel, norms);
    }

    Norm norm(String path) {
      double eps = model.fields().positiveNumber("layer_norm_epsilon", 1e-5);
      return LayerNorm.declare(path, config.hiddenSize(), true, eps);
    }

    Layer layer(String path) {
      long hidden = config.hiddenSize();
      boolean bias = model.fields().bool("bias", false);
      Attention attention =
          new Attention(
              LinearSlot.of(
                  path + ".self_attention.query_key_value",
                  hidden,
                  bias,
                  heads.queryWidth() + 2 * heads.keyValueWidth()),
              LinearSlot.of(path + ".self_attention.dense", hidden, bias, hidden),
              heads,
              null,
              0,
              AttentionRule.causal(heads.dim()));
      long inner = config.intermediateSize();
      Mlp mlp =
          new PlainMlp(
              LinearSlot.of(path + ".mlp.dense_h_to_4h", hidden, bias, inner),
              LinearSlot.of(path + ".mlp.dense_4h_to_h", inner, bias, hidden),
              Activations.read(model, "activation", "gelu"));
      if (!parallel) {
        return SequentialLayer.preNorm(
            norm(path + ".input_layernorm"),
            attention,
            norm(path + ".post_attention_layernorm"),
            mlp);
      }
      if (norms == 2) {
        return new ParallelLayer(norm(path + ".ln_attn"), attention, norm(path + ".ln_mlp"), mlp);
      }
      Norm own = norm(path + ".input_layernorm");
      return new ParallelLayer(own, attention, own, mlp);
    }
  }
}
