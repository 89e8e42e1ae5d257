package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;

/** Command R7B: sliding windows in three of four layers, no rotary positions in the others. */
final class Cohere2Family extends CohereFamily {

  private static final int PERIOD = 4;

  @Override
  public String architecture() {
    return "cohere2";
  }

  @Override
  public String modelType() {
    return "cohere2";
  }

  @Override
  public String modelClass() {
    return "Cohere2ForCausalLM";
  }

  @Override
  Facts read(ModelConfig model) {
    Facts facts = super.read(model);
    return new Facts(model, facts.decoder(), facts.decoder().maxPositionEmbeddings());
  }

  /** Returns true: Transformers' class always states a head size. */
  @Override
  boolean statesHeadDim(Facts facts) {
    return true;
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        logitScale(),
        Field.integer("attention.sliding_window", "sliding_window", this::window),
        Field.integer("vocab_size", "vocab_size", facts -> facts.decoder().vocabSize()),
        RotaryShare.count(),
        RopeFields.none(),
        windowPattern(
            PERIOD, facts -> facts.fields().positiveInt("_sliding_window_pattern", PERIOD)));
  }

  @Override
  int window(Facts facts) {
    return facts.fields().positiveInt("sliding_window", 4096);
  }

  @Override
  void requireWindow(Facts facts) {
    if (facts.fields().isNull("sliding_window")) {
      throw refused(facts, "sliding_window", "a number");
    }
  }

  @Override
  boolean rotatesPart() {
    return true;
  }

  @Override
  boolean normsLargeModels() {
    return false;
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    RotaryShare.complete(metadata, architecture() + ".", config);
  }
}
