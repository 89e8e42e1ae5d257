package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.hybrid.GraniteHybrid;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.LayerKinds;
import io.adapt4j.gguf.internal.metadata.TokenizerStyle;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Granite: Llama with multipliers on embeddings, attention scores, branches and logits. Granite 4
 * adds state-space layers; files of attention-only models use the architectures of Granite 3.
 */
final class GraniteFamilies {

  private static final String SHARED = "shared_intermediate_size";
  private static final String SHARED_KEY = "expert_shared_feed_forward_length";
  private static final String EXPERTS = "num_local_experts";
  private static final String CHOSEN = "num_experts_per_tok";
  private static final String ROTATED = "rope.scaling.finetuned";
  private static final String POSITIONS = "position_embedding_type";

  private GraniteFamilies() {}

  static FamilyDeclaration<?> granite() {
    return like("granite", "granite", "GraniteForCausalLM")
        .tokenizer(TokenizerStyle.LLAMA)
        .biasesByTensors()
        .usualHeadDim();
  }

  /** Granite 3 with a mixture of experts in every layer. */
  static FamilyDeclaration<?> mixture() {
    return mixture("granitemoe", "GraniteMoeForCausalLM", false);
  }

  /** Granite 3 with a mixture of experts and a shared expert in every layer. */
  static FamilyDeclaration<?> mixtureWithShared() {
    return mixture("granitemoeshared", "GraniteMoeSharedForCausalLM", true)
        .after(
            Field.integer(SHARED_KEY, SHARED, facts -> facts.fields().optionalInt(SHARED).orElse(0))
                .when(facts -> facts.fields().optionalInt(SHARED).orElse(0) > 0));
  }

  private static LlamaLike mixture(String modelType, String modelClass, boolean shared) {
    return like("granitemoe", modelType, modelClass)
        .biasesByTensors()
        .feedForward(TensorName.concat(experts(), sharedMlp("_shexp")))
        .alsoBefore(Experts.counts(EXPERTS, CHOSEN))
        .usualHeadDim()
        .fits(metadata -> (metadata.integer("granitemoe." + SHARED_KEY).orElse(0) > 0) == shared);
  }

  private static LlamaLike like(String architecture, String modelType, String modelClass) {
    return new LlamaLike(architecture, modelType, modelClass)
        .pairs()
        .statesHeadDim(false)
        .after(
            DecoderKeys.VOCABULARY,
            DecoderKeys.HEAD_ROTATED,
            Field.number("attention.scale", "attention_multiplier", 1),
            Field.number("embedding_scale", "embedding_multiplier", 1),
            Field.number("residual_scale", "residual_multiplier", 1),
            Field.number("logit_scale", "logits_scaling", 1))
        .llama3Scaling()
        .anyBiases();
  }

  private static List<TensorName> experts() {
    return TensorName.concat(
        TensorName.layers("block_sparse_moe.router.layer = ffn_gate_inp"),
        Experts.stacks("block_sparse_moe", "input_linear", "output_linear"));
  }

  /** Returns the tensors of the shared expert, under either of its names. */
  private static List<TensorName> sharedMlp(String suffix) {
    return List.of(
        TensorName.layer("shared_mlp.input_linear", "ffn_gate" + suffix, Layout.FIRST_HALF),
        TensorName.layer("shared_mlp.input_linear", "ffn_up" + suffix, Layout.SECOND_HALF),
        TensorName.layer("shared_mlp.output_linear", "ffn_down" + suffix, Layout.SAME));
  }

  /** Kind of a Granite 4 model, which decides the architecture of its file. */
  private enum Kind {
    HYBRID("granitehybrid"),
    ATTENTION("granite"),
    ATTENTION_AND_EXPERTS("granitemoe");

    private final String architecture;

    Kind(String architecture) {
      this.architecture = architecture;
    }

    static Kind of(ModelConfig model) {
      int layers = model.fields().requirePositiveInt("num_hidden_layers");
      boolean hybrid = GraniteHybrid.types(model.fields(), layers).contains(LayerTypes.STATE_SPACE);
      boolean sparse = numberOfExperts(model.fields()) > 0;
      return hybrid ? HYBRID : sparse ? ATTENTION_AND_EXPERTS : ATTENTION;
    }
  }

  /** Granite 4: state-space and attention layers with a shared MLP, optionally with experts. */
  static FamilyDeclaration<?> hybrid() {
    return four(Kind.HYBRID)
        .keyValueHeads(LayerKinds.heads(GraniteFamilies::attends))
        .more(model -> StateSpace.names(model.fields(), Layout.SAME, Layout.SAME))
        .after(
            StateSpace.KERNEL,
            StateSpace.STATE_SIZE,
            StateSpace.GROUP_COUNT,
            StateSpace.INNER_SIZE,
            StateSpace.HEAD_COUNT,
            rotated())
        // Bamba's files of this architecture do not state the scale.
        .fits(metadata -> metadata.number("granitehybrid.attention.scale").isPresent())
        .check(StateSpace::require)
        .check(StateSpace::requireOneGroup)
        .complete(StateSpace::complete)
        .complete(GraniteFamilies::completeExperts);
  }

  /** Granite 4 with attention in all layers. */
  static FamilyDeclaration<?> attention() {
    return attentionOnly(Kind.ATTENTION);
  }

  /** Granite 4 with attention and experts in all layers. */
  static FamilyDeclaration<?> attentionAndExperts() {
    return attentionOnly(Kind.ATTENTION_AND_EXPERTS)
        .check(
            facts -> {
              if (!isRotated(facts)) {
                throw Checks.refused(facts, POSITIONS, "rope");
              }
            });
  }

  private static LlamaLike attentionOnly(Kind kind) {
    return four(kind)
        .after(rotated())
        // Files of Granite 3 do not state whether heads are rotated.
        .fits(metadata -> metadata.bool(kind.architecture + "." + ROTATED).isPresent())
        .complete(GraniteFamilies::completeExperts);
  }

  private static LlamaLike four(Kind kind) {
    return like(kind.architecture, "granitemoehybrid", "GraniteMoeHybridForCausalLM")
        .accepts(model -> Kind.of(model) == kind)
        .feedForward(List.of())
        .more(
            model ->
                numberOfExperts(model.fields()) > 0
                    ? TensorName.concat(experts(), sharedMlp("_shexp"))
                    : sharedMlp(""))
        // An expert's intermediate size or, without experts, the shared MLP's.
        .inner(
            Field.integer(
                "feed_forward_length",
                "intermediate_size",
                facts -> hasExperts(facts) ? facts.decoder().intermediateSize() : shared(facts)))
        .alsoBefore(
            Experts.counts(EXPERTS, CHOSEN).stream()
                .map(count -> count.when(GraniteFamilies::hasExperts))
                .toList())
        .after(
            Field.integer(SHARED_KEY, SHARED, GraniteFamilies::shared)
                .when(GraniteFamilies::hasExperts))
        .usualHeadDim()
        .complete(LayerKinds.types(LayerKinds.ATTENTION, LayerKinds.MAMBA))
        .fit(
            (tensors, config) ->
                config.put(
                    "attention_bias",
                    tensors.stream().anyMatch(name -> name.endsWith(".attn_q.bias"))));
  }

  private static int numberOfExperts(ConfigReader fields) {
    return fields.optionalInt(EXPERTS).orElse(8);
  }

  private static boolean hasExperts(Facts facts) {
    return numberOfExperts(facts.fields()) > 0;
  }

  private static int shared(Facts facts) {
    return facts.fields().positiveInt(SHARED, 1024);
  }

  private static IntPredicate attends(Facts facts) {
    return LayerKinds.full(GraniteHybrid.types(facts.fields(), facts.decoder().layers()));
  }

  private static Field rotated() {
    return new Field(
        (facts, prefix, target) -> target.bool(prefix + ROTATED, isRotated(facts)),
        (source, prefix, config) ->
            config.put(POSITIONS, source.bool(prefix + ROTATED).orElse(true) ? "rope" : "nope"));
  }

  private static boolean isRotated(Facts facts) {
    return facts.fields().optionalText(POSITIONS).orElse("nope").equals("rope");
  }

  private static void completeExperts(GgufMetadata metadata, String prefix, ObjectNode config) {
    if (metadata.integer(prefix + "expert_count").orElse(0) == 0) {
      config.put(EXPERTS, 0);
      config.put(CHOSEN, 0);
      config.put(SHARED, config.path("intermediate_size").asLong());
    }
  }
}
