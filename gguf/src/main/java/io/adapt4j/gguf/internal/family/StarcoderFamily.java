package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;

/** StarCoder 1: GPT-2 with multi-query attention, and weights stored as [out, in]. */
final class StarcoderFamily extends Gpt2Family {

  private static final String ONE = "multi_query";
  private static final String KV_HEADS = "attention.head_count_kv";

  @Override
  public String architecture() {
    return "starcoder";
  }

  @Override
  public String modelType() {
    return "gpt_bigcode";
  }

  @Override
  public String modelClass() {
    return "GPTBigCodeForCausalLM";
  }

  @Override
  String activation() {
    return "gelu_pytorch_tanh";
  }

  @Override
  Layout matrices() {
    return Layout.SAME;
  }

  private static boolean isOne(ModelConfig model) {
    return model.fields().bool(ONE, true);
  }

  /**
   * Returns the layout of the fused weight; with multi-head attention, checkpoints interleave it by
   * head.
   */
  @Override
  Layout fused(ModelConfig model) {
    return isOne(model)
        ? Layout.SAME
        : Layout.queriesKeysValues(model.fields().requirePositiveInt("n_head"));
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    return List.of(
        context(),
        width(),
        inner(),
        layers(),
        heads(),
        new Field(
            (facts, prefix, target) ->
                target.uint32(
                    prefix + KV_HEADS, isOne(facts.model()) ? 1 : facts.decoder().heads()),
            (source, prefix, config) -> {}),
        eps());
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    long heads = metadata.integer("starcoder." + KV_HEADS).orElse(1);
    config.put(ONE, heads == 1);
  }
}
