package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Granite 4: a hybrid of state-space and attention layers with a shared MLP, optionally with a
 * mixture of experts. Files of attention-only models use the architectures of Granite 3.
 */
final class GraniteHybridFamily extends GraniteFamily {

  private static final String MAMBA = LayerKinds.MAMBA;
  private static final String ATTENTION = LayerKinds.ATTENTION;
  private static final String SHARED = "shared_intermediate_size";
  private static final String EXPERTS = "num_local_experts";
  private static final String ROTATED = "rope.scaling.finetuned";

  /** Kind of model of a file's architecture. */
  enum Kind {
    HYBRID("granitehybrid"),
    ATTENTION("granite"),
    ATTENTION_AND_EXPERTS("granitemoe");

    private final String architecture;

    Kind(String architecture) {
      this.architecture = architecture;
    }
  }

  private final Kind kind;

  GraniteHybridFamily(Kind kind) {
    this.kind = kind;
  }

  @Override
  public String architecture() {
    return kind.architecture;
  }

  @Override
  public String modelType() {
    return "granitemoehybrid";
  }

  @Override
  public String modelClass() {
    return "GraniteMoeHybridForCausalLM";
  }

  @Override
  public boolean accepts(ModelConfig model) {
    boolean hybrid = types(model.fields()).map(types -> types.contains(MAMBA)).orElse(true);
    boolean sparse = experts(model.fields()) > 0;
    return kind == (hybrid ? Kind.HYBRID : sparse ? Kind.ATTENTION_AND_EXPERTS : Kind.ATTENTION);
  }

  /**
   * Returns whether a file belongs here; files of Granite 3 do not state whether heads are rotated.
   */
  @Override
  public boolean fits(GgufMetadata metadata) {
    String prefix = architecture() + ".";
    return super.fits(metadata)
        && (kind == Kind.HYBRID
            ? metadata.number(prefix + "attention.scale").isPresent()
            : metadata.bool(prefix + ROTATED).isPresent());
  }

  private static Optional<List<String>> types(ConfigReader fields) {
    return Optional.of(LayerKinds.mixers(fields)).filter(types -> !types.isEmpty());
  }

  private static int experts(ConfigReader fields) {
    return fields.optionalInt(EXPERTS).orElse(8);
  }

  private static boolean[] attends(Facts facts) {
    boolean[] attends = new boolean[facts.decoder().layers()];
    List<String> types = types(facts.fields()).orElse(List.of());
    for (int i = 0; i < attends.length; i++) {
      attends[i] = i < types.size() && types.get(i).equals(ATTENTION);
    }
    return attends;
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    List<TensorName> names = new ArrayList<>(super.names(model));
    if (kind == Kind.HYBRID) {
      names.addAll(StateSpaceRows.names(model.fields(), Layout.SAME, Layout.SAME));
    }
    boolean sparse = experts(model.fields()) > 0;
    if (sparse) {
      names.addAll(GraniteMoeFamily.mixture());
    }
    names.addAll(GraniteMoeFamily.sharedMlp(sparse ? "_shexp" : ""));
    return names;
  }

  @Override
  void feedForward(List<TensorName> names) {}

  @Override
  Field keyValueHeads() {
    return kind == Kind.HYBRID
        ? LayerKinds.heads(GraniteHybridFamily::attends)
        : super.keyValueHeads();
  }

  /** Returns the key for an expert's intermediate size or, without experts, the shared MLP's. */
  @Override
  Field innerWidth() {
    return Field.integer(
        "feed_forward_length",
        "intermediate_size",
        facts -> experts(facts.fields()) > 0 ? facts.decoder().intermediateSize() : shared(facts));
  }

  private static int shared(Facts facts) {
    return facts.fields().positiveInt(SHARED, 1024);
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    List<Field> fields = new ArrayList<>(super.fieldsBeforeFileType());
    ExpertRows.counts(EXPERTS, "num_experts_per_tok")
        .forEach(field -> fields.add(field.when(facts -> experts(facts.fields()) > 0)));
    return fields;
  }

  @Override
  List<Field> fieldsAfterFileType() {
    List<Field> fields = new ArrayList<>(super.fieldsAfterFileType());
    fields.add(
        Field.integer("expert_shared_feed_forward_length", SHARED, GraniteHybridFamily::shared)
            .when(facts -> experts(facts.fields()) > 0));
    if (kind == Kind.HYBRID) {
      fields.add(StateSpaceRows.kernel());
      fields.add(StateSpaceRows.stateSize());
      fields.add(StateSpaceRows.groupCount());
      fields.add(StateSpaceRows.innerSize());
      fields.add(StateSpaceRows.headCount());
    }
    fields.add(
        new Field(
            (facts, prefix, target) -> target.bool(prefix + ROTATED, isRotated(facts)),
            (source, prefix, config) ->
                config.put(
                    "position_embedding_type",
                    source.bool(prefix + ROTATED).orElse(true) ? "rope" : "nope")));
    return fields;
  }

  private static boolean isRotated(Facts facts) {
    return facts.fields().optionalText("position_embedding_type").orElse("nope").equals("rope");
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    if (kind == Kind.HYBRID) {
      StateSpaceRows.require(facts);
      StateSpaceRows.requireOneGroup(facts);
    }
    if (kind == Kind.ATTENTION_AND_EXPERTS && !isRotated(facts)) {
      throw refused(facts, "position_embedding_type", "rope");
    }
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    String prefix = architecture() + ".";
    LayerKinds.complete(metadata, prefix, config, ATTENTION, MAMBA);
    if (kind == Kind.HYBRID) {
      StateSpaceRows.complete(metadata, prefix, config);
    }
    if (metadata.integer(prefix + "expert_count").orElse(0) == 0) {
      config.put(EXPERTS, 0);
      config.put("num_experts_per_tok", 0);
      config.put(SHARED, config.path("intermediate_size").asLong());
    }
  }

  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    config.put("attention_bias", tensors.stream().anyMatch(name -> name.endsWith(".attn_q.bias")));
  }
}
