package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.DropoutRates;
import java.util.Map;
import java.util.Set;

/**
 * BART (Lewis et al. 2020), Pegasus (Zhang et al. 2020) and MarianMT (Junczys-Dowmunt et al. 2018).
 */
final class Bart implements Architecture {

  private static final Map<String, BartLike.Options> FAMILIES =
      Map.of(
          "bart", new BartLike.Options(false, true, false, 2, "gelu", 1024, 1),
          "pegasus", new BartLike.Options(true, false, true, 0, "gelu", 1024, 0),
          "marian", new BartLike.Options(false, false, true, 0, "gelu", 1024, 58100));

  @Override
  public Set<String> modelTypes() {
    return FAMILIES.keySet();
  }

  /** Fields of old configurations that say what the family does anyway. */
  @Override
  public Set<String> features() {
    return Set.of("normalize_embedding");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double rate = DropoutFields.rate(fields, "dropout", 0.1);
    return DropoutRates.ofAttention(DropoutFields.rate(fields, "attention_dropout", 0))
        .withEmbedding(rate)
        .withOutputs(rate, rate)
        .withInner(DropoutFields.rate(fields, "activation_dropout", 0));
  }

  @Override
  public Network declare(ModelConfig model) {
    boolean marian = model.modelType().equals("marian");
    SequenceFields.requireGeneration(model, marian ? "MTModel" : "ForConditionalGeneration");
    return new BartLike(model, FAMILIES.get(model.modelType())).network();
  }
}
