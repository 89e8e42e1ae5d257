package io.adapt4j.core.internal.nn.family.sequence;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.sequence.SourcePositions.Kind;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import java.util.Map;
import java.util.Set;

/**
 * BART (Lewis et al. 2020), mBART (Liu et al. 2020), M2M100 and NLLB (Fan et al. 2021), Pegasus
 * (Zhang et al. 2020) and MarianMT (Junczys-Dowmunt et al. 2018).
 */
public final class Bart implements Architecture {

  private static final Map<String, BartLike.Options> FAMILIES =
      Map.of(
          "bart",
          new BartLike.Options(false, true, true, false, Kind.LEARNED, 2, "gelu", 1024, 1),
          "mbart",
          new BartLike.Options(true, true, true, false, Kind.LEARNED, 2, "gelu", 1024, 1),
          "m2m_100",
          new BartLike.Options(true, false, false, true, Kind.FAIRSEQ_SINES, 2, "relu", 1024, 1),
          "pegasus",
          new BartLike.Options(true, false, true, false, Kind.SINES, 0, "gelu", 1024, 0),
          "marian",
          new BartLike.Options(false, false, true, false, Kind.SINES, 0, "gelu", 1024, 58100));

  @Override
  public Set<String> modelTypes() {
    return FAMILIES.keySet();
  }

  /** Fields of old configurations that state what the family always does. */
  @Override
  public Set<String> features() {
    return Set.of("normalize_embedding");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double rate = DropoutFields.rate(fields, "dropout", 0.1);
    double attention = model.modelType().equals("m2m_100") ? 0.1 : 0;
    return DropoutRates.ofAttention(DropoutFields.rate(fields, "attention_dropout", attention))
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
