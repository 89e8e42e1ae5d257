package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** EmbeddingGemma: Gemma 3 with bidirectional attention, and two Dense layers after pooling. */
final class GemmaEmbeddingFamily extends Gemma3Family {

  private static final Set<String> DENSE =
      Set.of(EmbeddingKeys.FIRST_DENSE, EmbeddingKeys.SECOND_DENSE);

  @Override
  public String architecture() {
    return "gemma-embedding";
  }

  @Override
  public String modelClass() {
    return "Gemma3TextModel";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("gemma3_text");
  }

  @Override
  public boolean readsTexts() {
    return true;
  }

  @Override
  public boolean hasDense() {
    return true;
  }

  @Override
  public boolean accepts(ModelConfig model) {
    return seesBothWays(model);
  }

  @Override
  public boolean isUnused(String gguf, ModelConfig model) {
    return DENSE.contains(gguf);
  }

  /** Returns names without a prefix, as in the class without an output head. */
  @Override
  List<TensorName> names(ModelConfig model) {
    return super.names(model).stream()
        .map(
            row ->
                new TensorName(
                    row.stored().replaceFirst("^model\\.", ""),
                    row.gguf(),
                    row.layout(),
                    row.isWhole()))
        .toList();
  }

  @Override
  List<Field> fieldsAfterFileType() {
    List<Field> fields = new ArrayList<>(super.fieldsAfterFileType());
    fields.add(
        new Field(
            (facts, prefix, target) -> target.bool(prefix + "attention.causal", false),
            (source, prefix, config) -> config.put("use_bidirectional_attention", true)));
    return fields;
  }
}
