package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;

/**
 * The text models of Qwen 2-VL to 3-VL and PaddleOCR-VL. Files are read as the Qwen 2 and 3, or
 * Llama, that they are without images, where the sections of their rotary positions are equal.
 */
final class QwenVisionFamilies {

  private static final String INTERLEAVED = "n_deepstack_layers";

  private QwenVisionFamilies() {}

  /** Qwen 2-VL and 2.5-VL. */
  static FamilyDeclaration<?> second() {
    return like("qwen2vl", "qwen2", "Qwen2ForCausalLM")
        .alsoOf("qwen2_vl", "qwen2_vl_text", "qwen2_5_vl", "qwen2_5_vl_text")
        .window(SlidingWindows::switched)
        .usualHeadDim();
  }

  /** Qwen 3-VL. */
  static FamilyDeclaration<?> third() {
    return third(like("qwen3vl", "qwen3", "Qwen3ForCausalLM").alsoOf("qwen3_vl", "qwen3_vl_text"));
  }

  /** Qwen 3-VL with mixtures of experts. */
  static FamilyDeclaration<?> mixture() {
    LlamaLike family =
        like("qwen3vlmoe", "qwen3_moe", "Qwen3MoeForCausalLM")
            .alsoOf("qwen3_vl_moe", "qwen3_vl_moe_text")
            .mixture("num_experts", "num_experts_per_tok")
            .after(
                Experts.width(),
                Field.read((source, prefix, config) -> config.put("norm_topk_prob", true)))
            .check(Experts::requireEverywhere);
    return third(family);
  }

  /** PaddleOCR-VL, whose text model is Llama's with the same rotary positions. */
  static FamilyDeclaration<?> paddle() {
    return like("paddleocr", "llama", "LlamaForCausalLM")
        .alsoOf("paddleocr_vl")
        .textType(model -> "paddleocr_vl")
        .statesHeadDim(true)
        .biasesOff("use_bias");
  }

  private static LlamaLike third(LlamaLike family) {
    return family
        .biasesByTensors()
        .statesHeadDim(true)
        .queryKeyNorms()
        .after(
            Field.derived(INTERLEAVED, facts -> facts.fields().optionalInt(INTERLEAVED).orElse(0)))
        .read(
            stated -> {
              Facts facts = family.facts(stated);
              ModelConfig text = facts.model().with(INTERLEAVED, IntNode.valueOf(layers(stated)));
              return new Facts(text, facts.decoder(), facts.contextLength());
            });
  }

  /** Returns the number of layers to whose output a whole model adds features of images. */
  private static int layers(ModelConfig stated) {
    return stated.toJson().path("vision_config").path("deepstack_visual_indexes").size();
  }

  private static LlamaLike like(String architecture, String modelType, String modelClass) {
    return new LlamaLike(architecture, modelType, modelClass)
        .textType(ModelConfig::modelType)
        .accepts(model -> model.modelType().contains("_vl"))
        .whole(model -> model.modelType().matches(".*_vl(_moe)?"))
        .after(QwenLinearFamilies.SECTIONS_KEY);
  }
}
