package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.Set;

/**
 * RoBERTa, XLM-RoBERTa and CamemBERT, written as BERT without the position rows reserved for
 * padding. Such files are read as BERT.
 */
final class RobertaFamily extends BertFamily {

  private static final int PADDING = 1;

  @Override
  public String modelType() {
    return "xlm-roberta";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("xlm-roberta", "roberta", "camembert");
  }

  @Override
  public boolean fits(GgufMetadata metadata) {
    return false;
  }

  @Override
  String prefix(ModelConfig model) {
    return "roberta.";
  }

  @Override
  int skipped(ModelConfig model) {
    return model.padTokenId().orElse(PADDING) + 1;
  }

  @Override
  List<TensorName> classifier() {
    return List.of(
        TensorName.of("classifier.dense", "cls"),
        TensorName.of("classifier.out_proj", "cls.output"));
  }
}
