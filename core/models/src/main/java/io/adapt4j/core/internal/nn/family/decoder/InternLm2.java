package io.adapt4j.core.internal.nn.family.decoder;

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
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * InternLM 2 and 2.5 (Cai et al. 2024): Llama with different names, and with one matrix for query,
 * key and value in which those of each key/value head are adjacent.
 */
public final class InternLm2 extends BuiltInFamily {

  public InternLm2() {
    super("internlm2", new DecoderConfig.Defaults(2048, 1e-6, "silu", false, 10_000));
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    long hidden = config.hiddenSize();
    boolean bias = model.fields().bool("bias", true);
    Parameter embedding = Parameter.of("model.tok_embeddings.weight", config.vocabSize(), hidden);
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      layers.add(layer(model, config, "model.layers." + i, bias));
    }
    Transformer body =
        new Transformer(
            Embeddings.of(embedding, Embeddings.Scale.NONE),
            List.copyOf(layers),
            norm(config, "model.norm"),
            List.of(RotaryFrequencies.of(config)));
    return Decoder.of(
        model,
        new Dimensions(
            config.hiddenSize(), config.layers(), config.vocabSize(), config.contextLength()),
        StoredNames.of("model.", List.of(".*\\.rotary_emb\\.inv_freq")),
        body,
        "output.weight",
        config.tieWordEmbeddings());
  }

  private static Layer layer(ModelConfig model, DecoderConfig config, String path, boolean bias) {
    long hidden = config.hiddenSize();
    long inner = config.intermediateSize();
    Heads heads = Heads.interleaved(config.heads(), config.kvHeads(), config.headDim());
    Attention attention =
        new Attention(
            LinearSlot.of(
                path + ".attention.wqkv",
                hidden,
                bias,
                heads.queryWidth() + 2 * heads.keyValueWidth()),
            LinearSlot.of(path + ".attention.wo", heads.queryWidth(), bias, hidden),
            heads,
            null,
            0,
            AttentionRule.causal(config.headDim()));
    GatedMlp mlp =
        new GatedMlp(
            LinearSlot.of(path + ".feed_forward", hidden, false, List.of("w1", "w3"), inner, inner),
            LinearSlot.of(path + ".feed_forward.w2", inner, false, hidden),
            Activations.named(model, "hidden_act", config.hiddenActivation()));
    return SequentialLayer.preNorm(
        norm(config, path + ".attention_norm"), attention, norm(config, path + ".ffn_norm"), mlp);
  }

  private static Norm norm(DecoderConfig config, String path) {
    return RmsNorm.declare(path, config.hiddenSize(), 0, config.rmsNormEps());
  }
}
