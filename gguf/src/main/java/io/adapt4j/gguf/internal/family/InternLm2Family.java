package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * InternLM 2 and 2.5: Llama with other names, and a fused query, key and value matrix that files
 * split in three.
 */
final class InternLm2Family extends LlamaLikeFamily {

  @Override
  public String architecture() {
    return "internlm2";
  }

  @Override
  public String modelType() {
    return "internlm2";
  }

  @Override
  public String modelClass() {
    return "InternLM2ForCausalLM";
  }

  @Override
  public boolean requiresOutput() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(2048, 1e-6, "silu", false, 10_000, OptionalInt.empty());
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    DecoderConfig decoder = read(model).decoder();
    List<TensorName> names = new ArrayList<>();
    names.add(TensorName.of("model.tok_embeddings", "token_embd"));
    names.add(TensorName.of("model.norm", "output_norm"));
    names.add(TensorName.of("output", "output"));
    names.add(part("attn_q", GroupedRows.Part.QUERIES, decoder));
    names.add(part("attn_k", GroupedRows.Part.KEYS, decoder));
    names.add(part("attn_v", GroupedRows.Part.VALUES, decoder));
    names.add(layer("attention.wo", "attn_output"));
    names.add(layer("feed_forward.w1", "ffn_gate"));
    names.add(layer("feed_forward.w3", "ffn_up"));
    names.add(layer("feed_forward.w2", "ffn_down"));
    names.add(layer("attention_norm", "attn_norm"));
    names.add(layer("ffn_norm", "ffn_norm"));
    return names;
  }

  private static TensorName part(String gguf, GroupedRows.Part part, DecoderConfig decoder) {
    return layer(
        "attention.wqkv", gguf, GroupedRows.paired(decoder.heads(), decoder.kvHeads(), part));
  }

  /** Returns the supported kinds of scaling; dynamic scaling starts beyond the stated context. */
  @Override
  Set<Class<? extends RopeScaling>> scalings() {
    return Set.of(
        RopeScaling.Default.class,
        RopeScaling.Linear.class,
        RopeScaling.Dynamic.class,
        RopeScaling.Yarn.class);
  }

  @Override
  void requireBiases(Facts facts) {
    if (facts.fields().bool("bias", true)) {
      throw refused(facts, "bias", "false");
    }
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
    if (facts.decoder().ropeScaling() instanceof RopeScaling.Dynamic
        && facts.contextLength() > facts.decoder().maxPositionEmbeddings()) {
      throw refused(facts, scalingField(facts), "none for a longer context");
    }
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    config.put("bias", false);
  }
}
