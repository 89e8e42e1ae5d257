package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.family.expert.IndexerTypes;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.List;

/** DeepSeek V3.2 and GLM-5: DeepSeek V3 with indexers that choose the tokens attention reads. */
final class SparseFamilies {

  private static final String TYPES = "attention.indexer.types";
  private static final String FULL = "full";
  private static final String SHARED = "shared";

  private SparseFamilies() {}

  /** DeepSeek V3.2. */
  static FamilyDeclaration<?> deepSeekV32() {
    return indexed("deepseek32", "deepseek_v32", "DeepseekV32ForCausalLM", 64);
  }

  /** GLM-5, whose layers may share a choice. */
  static FamilyDeclaration<?> glm5() {
    return indexed("glm-dsa", "glm_moe_dsa", "GlmMoeDsaForCausalLM", 32)
        .after(new Field(SparseFamilies::writeTypes, SparseFamilies::readTypes))
        // llama.cpp rotates adjacent pairs of indexers of this family.
        .check(facts -> Checks.flag(facts, "indexer_rope_interleave", true, true));
  }

  private static LlamaLike indexed(
      String architecture, String modelType, String modelClass, int heads) {
    return LatentFamilies.like(architecture, modelType, modelClass)
        .more(Experts.correction("mlp.gate.e_score_correction_bias"))
        .more(
            TensorName.layers(
                "self_attn.indexer.wq_b = indexer.attn_q_b",
                "self_attn.indexer.wk = indexer.attn_k",
                "self_attn.indexer.k_norm = indexer.k_norm",
                "self_attn.indexer.weights_proj = indexer.proj"))
        .after(
            Field.integer("attention.indexer.head_count", "index_n_heads", heads),
            Field.integer("attention.indexer.key_length", "index_head_dim", 128),
            Field.integer("attention.indexer.top_k", "index_topk", 2048));
  }

  private static void writeTypes(Facts facts, String prefix, GgufMetadata.Builder target) {
    ConfigReader fields = facts.fields();
    List<Boolean> full = IndexerTypes.full(fields, facts.decoder().layers());
    if (full.contains(false)) {
      boolean[] types = new boolean[full.size()];
      for (int layer = 0; layer < types.length; layer++) {
        types[layer] = full.get(layer);
      }
      target.bools(prefix + TYPES, types);
    }
  }

  private static void readTypes(GgufMetadata source, String prefix, ObjectNode config) {
    source
        .bools(prefix + TYPES)
        .ifPresent(
            full -> {
              ArrayNode types = config.putArray("indexer_types");
              for (boolean own : full) {
                types.add(own ? FULL : SHARED);
              }
            });
  }
}
